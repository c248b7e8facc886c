"""What the watch saw, written every minute by the background task."""

from django.db import models


class Watch(models.Model):
    """The harbour counted at one moment."""

    at = models.DateTimeField(auto_now_add=True)
    alongside = models.PositiveSmallIntegerField()
    expected = models.PositiveSmallIntegerField()
    overdue = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["-at"]
        verbose_name_plural = "watches"

    def __str__(self):
        return f"{self.at:%d %b %H:%M}: {self.alongside} alongside, {self.expected} expected, {self.overdue} overdue"
