"""Sources, their documents, the passages of those, and what each passage means as a vector."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import MD5
from django.utils.translation import gettext_lazy as _
from pgvector.django import VectorField

from controlplane.core.querysets import StateQuerySet
from controlplane.core.secrets import SealedTextField

IN_SCOPE = r"^(\*|application/\d+|environment/\d+)$"


class Source(models.Model):
    """Where documents come from, and who may find them: everyone, or whoever may see an application or an environment."""

    class Kind(models.TextChoices):
        CORPUS = "corpus", _("What comes with Timonel")
        FOLDER = "folder", _("A folder of this machine")
        GIT = "git", _("A Git repository")
        UPLOAD = "upload", _("Uploaded files")
        WEB = "web", _("Pages of the web")
        INCIDENTS = "incidents", _("Resolved incidents of Timonel")

    class Status(models.TextChoices):
        IDLE = "idle", _("idle")
        REFRESHING = "refreshing", _("refreshing")
        FAILED = "failed", _("failed")

    name = models.SlugField(max_length=60, unique=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    location = models.TextField(blank=True, help_text=_("A folder, a Git address, or pages: one address a line."))
    ref = models.CharField(max_length=200, blank=True, default="HEAD", help_text=_("The branch, tag or commit of a repository."))
    include = ArrayField(models.CharField(max_length=200), default=list, blank=True, help_text=_("Paths, such as docs/**/*.md."))
    exclude = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    scope = models.CharField(max_length=64, default="*")
    key = SealedTextField(null=True, blank=True)
    enabled = models.BooleanField(default=True)
    refresh_every = models.DurationField(null=True, blank=True)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.IDLE, editable=False)
    problem = models.TextField(blank=True, editable=False)
    revision = models.CharField(max_length=100, blank=True, editable=False)
    refreshed_at = models.DateTimeField(null=True, editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False, help_text=_("Until when its refresh is somebody's; renewed."))
    asked_at = models.DateTimeField(null=True, editable=False, help_text=_("When a refresh was asked for that has not begun."))
    created_at = models.DateTimeField(auto_now_add=True)

    objects = StateQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(scope__regex=IN_SCOPE), name="knowledge_source_scope_is_known")
        ]

    def __str__(self) -> str:
        return self.name


class Document(models.Model):
    """One file or page, as it was when it was last read."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="documents")
    path = models.CharField(max_length=500)
    title = models.CharField(max_length=300)
    language = models.CharField(max_length=2, default="en")
    sha256 = models.CharField(max_length=64)
    revision = models.CharField(max_length=100, blank=True)
    size = models.PositiveIntegerField()
    text = models.TextField()
    changed_at = models.DateTimeField(help_text=_("When its content was last found to be another."))
    written_at = models.DateTimeField(null=True, help_text=_("When it was last changed at its source, where that tells."))

    class Meta:
        ordering: ClassVar = ["source", "path"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["source", "path"], name="document_path_once_a_source")]

    def __str__(self) -> str:
        return f"{self.source}: {self.path}"


class Skipped(models.Model):
    """A file that was not read at the last refresh, and why."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="skipped")
    path = models.CharField(max_length=500)
    reason = models.CharField(max_length=300)

    class Meta:
        ordering: ClassVar = ["path"]
        verbose_name_plural = "skipped files"

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class Passage(models.Model):
    """A part of a document that stands by itself. `words` is written by the database (knowledge.indexing)."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="passages")
    position = models.PositiveIntegerField()
    headings = ArrayField(models.CharField(max_length=300), default=list)
    text = models.TextField()
    first_line = models.PositiveIntegerField()
    last_line = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, help_text=_("SHA-256 of what it says, to fold what is said twice."))
    scope = models.CharField(max_length=64)
    words = SearchVectorField()
    length = models.PositiveIntegerField(help_text=_("Words in it, those of its title counted as they weigh."))

    class Meta:
        ordering: ClassVar = ["document", "position"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["document", "position"], name="passage_position_once_a_document")]
        indexes: ClassVar = [
            GinIndex(fields=["words"], name="passage_by_words"),
            models.Index(fields=["scope"], name="passage_by_scope"),
        ]

    def __str__(self) -> str:
        return f"{self.document} lines {self.first_line} to {self.last_line}"


class Word(models.Model):
    """In how many passages a lexeme stands; counted anew after each refresh."""

    lexeme = models.TextField(primary_key=True)
    passages = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.lexeme


class Counted(models.Model):
    """How many passages there are and how long they are on average, as of the last count; one row."""

    passages = models.PositiveIntegerField()
    average_length = models.FloatField()
    counted_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "counted"

    def __str__(self) -> str:
        return f"{self.passages} passages"


class EmbeddingModel(models.Model):
    """What makes vectors. One is active: it answers searches; another may be building beside it until it knows every passage."""

    class Kind(models.TextChoices):
        LOCAL = "local", _("On this machine")
        ENDPOINT = "endpoint", _("An OpenAI-compatible endpoint")

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        BUILDING = "building", _("building")
        RETIRED = "retired", _("retired")

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    dimension = models.PositiveIntegerField()
    address = models.URLField(blank=True)
    key = SealedTextField(null=True, blank=True)
    private = models.BooleanField(default=False, help_text=_("The endpoint is on a network of our own."))
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.BUILDING)
    problem = models.TextField(blank=True, editable=False, help_text=_("Why building it does not go on, until it does."))
    claimed_until = models.DateTimeField(null=True, editable=False, help_text=_("Until when building it is somebody's; renewed."))
    retired_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = StateQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["status"], condition=models.Q(status="active"), name="embedding_model_one_is_active"),
            models.CheckConstraint(
                condition=models.Q(dimension__gte=1, dimension__lte=2000), name="embedding_model_dimension_can_be_indexed"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Vector(models.Model):
    """What one passage means to one model. Each model has an index of its own (knowledge.embeddings.index)."""

    pk = models.CompositePrimaryKey("model_id", "passage_id")
    model = models.ForeignKey(EmbeddingModel, on_delete=models.CASCADE, related_name="vectors")
    passage = models.ForeignKey(Passage, on_delete=models.CASCADE, related_name="vectors")
    vector = VectorField()

    def __str__(self) -> str:
        return f"{self.model_id} of {self.passage_id}"


class Feedback(models.Model):
    """Whether what a search found helped; kept to measure the search with."""

    question = models.CharField(max_length=1_000)
    passage = models.ForeignKey(Passage, null=True, on_delete=models.SET_NULL, related_name="+")
    document = models.CharField(max_length=600, help_text=_("Source and path, kept when the passage is gone."))
    helped = models.BooleanField()
    given_by = models.CharField(max_length=200)
    given_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-pk"]
        verbose_name_plural = "feedback"
        constraints: ClassVar = [
            models.UniqueConstraint(MD5("question"), "passage", "given_by", name="feedback_once_a_person_and_passage")
        ]

    def __str__(self) -> str:
        return f"{'helped' if self.helped else 'did not help'}: {self.question[:60]}"
