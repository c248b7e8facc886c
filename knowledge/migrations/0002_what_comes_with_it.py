"""The model on this machine, active from the start, with the index of its vectors; and our own corpus as a source."""

from typing import ClassVar

from django.db import migrations

# As knowledge.embeddings.index makes one for any other model.
INDEX = """
CREATE INDEX vector_of_model_1 ON knowledge_vector USING hnsw ((vector::vector(384)) vector_cosine_ops) WHERE model_id = 1
"""
MODEL = """
INSERT INTO knowledge_embeddingmodel (id, name, kind, dimension, address, private, status, created_at)
VALUES (1, 'all-MiniLM-L6-v2', 'local', 384, '', false, 'active', now());
SELECT setval(pg_get_serial_sequence('knowledge_embeddingmodel', 'id'), 1);
"""


CORPUS = """
INSERT INTO knowledge_source (name, kind, location, ref, include, exclude, scope, enabled, status, problem, revision, created_at)
VALUES ('timonel', 'corpus', '', 'HEAD', '{}', '{}', '*', true, 'idle', '', '', now())
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("knowledge", "0001_documents_and_passages")]
    operations: ClassVar = [
        migrations.RunSQL(MODEL, "DELETE FROM knowledge_embeddingmodel WHERE id = 1"),
        migrations.RunSQL(CORPUS, "DELETE FROM knowledge_source WHERE name = 'timonel'"),
        migrations.RunSQL(INDEX, "DROP INDEX vector_of_model_1"),
    ]
