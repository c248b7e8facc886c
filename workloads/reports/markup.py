"""XML of strangers: no entities, nothing fetched, a limited number of elements."""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from controlplane.core.errors import Invalid

MOST_ELEMENTS = 1_000_000


def load(content: bytes, *roots: str) -> Element:
    """The root element, which must have one of these names; Invalid names the place where it is no XML."""
    if content.count(b"<") > MOST_ELEMENTS:
        raise Invalid("The report holds too many elements.", cure="Let the tool report less at once.")
    try:
        root: Element = fromstring(content, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    except ParseError as error:
        line, column = error.position
        raise Invalid(f"Line {line}, column {column + 1}: this is no XML.") from error
    except DefusedXmlException as error:
        raise Invalid("The report declares entities or refers to other files; neither is read.") from error
    except (ValueError, LookupError) as error:
        raise Invalid(f"This is no XML: {str(error)[:200]}.") from error
    if root.tag not in roots:
        raise Invalid(
            f"The root is <{str(root.tag)[:60]}>, where <{'> or <'.join(roots)}> is needed.", cure="Name the right format."
        )
    return root


def number(text: str | None) -> int | None:
    """A whole number out of an attribute, or None."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else None
