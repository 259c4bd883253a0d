"""Reads the body of Put Block List: ``<BlockList><Latest>ID</Latest>...</BlockList>``."""

from __future__ import annotations

from qsession_core.local.replies import Refusal

__all__ = ["MAX_BLOCKS", "block_ids"]

MAX_BLOCKS = 50_000
_MAX_ID = 128
_ENTRY_DEPTH = 2


class _Reader:
    """Follows the elements as they come, so that no tree is built of a hostile document."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._depth = 0

    def start(self, name: str, attributes: object) -> None:  # noqa: ARG002 - the parser's shape
        self._depth += 1
        if self._depth > _ENTRY_DEPTH:
            raise _not_xml()
        if self._depth == _ENTRY_DEPTH:
            if len(self.ids) == MAX_BLOCKS:
                raise Refusal(400, "BlockListTooLong", "The block list may not contain more than 50,000 blocks.")
            self.ids.append("")

    def end(self, name: str) -> None:  # noqa: ARG002 - the parser's shape
        self._depth -= 1

    def text(self, data: str) -> None:
        if self._depth == _ENTRY_DEPTH:
            if len(self.ids[-1]) + len(data) > _MAX_ID:
                raise Refusal(400, "InvalidBlockList", "The specified block list is invalid.")
            self.ids[-1] += data

    def doctype(self, *declared: object) -> None:  # noqa: ARG002 - the parser's shape
        raise _not_xml()


def block_ids(body: bytes) -> list[str]:
    """Return the ids that a block list names, in its order.

    Raises:
        Refusal: 400; it is not XML, has a document type (in any encoding), or names too many blocks.
    """
    from xml.parsers import expat  # most workspaces never get a list of blocks

    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.doctype
    try:
        parser.Parse(body, True)  # noqa: FBT003 - it is the end
    except (expat.ExpatError, ValueError, LookupError) as error:  # the latter two: encodings that Python does not have
        raise _not_xml() from error
    return reader.ids


def _not_xml() -> Refusal:
    return Refusal(400, "InvalidXmlDocument", "XML specified is not syntactically valid.")
