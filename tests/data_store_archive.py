"""The EUMETSAT Data Store's documented API for tests: tokens, search; downloads are plain files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

TOKEN = "token-that-opens"  # noqa: S105 - of a server in a test
DOWNLOAD = "/data/download/1.0.0/collections/EO%3AEUM%3ADAT%3AMSG%3AHRSEVIRI/products/"
OSDD = """<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/"
 xmlns:p="http://a9.com/-/spec/opensearch/extensions/parameters/1.0/">
<Url type="application/json">
<p:Parameter name="dtstart"/><p:Parameter name="dtend"/><p:Parameter name="bbox"/>
<p:Parameter name="set"/><p:Parameter name="sort"/></Url>
</OpenSearchDescription>"""


class Store:
    """Pages of the API; `queries` are the searches that were made."""

    def __init__(self, slots: Sequence[str]) -> None:
        self.slots = slots
        self.queries: list[dict[str, list[str]]] = []

    def page(self, path: str, body: str) -> tuple[int, bytes] | None:
        """The answer to a request; None where it is none of the API's own."""
        place = urlsplit(path)
        if place.path == "/token":
            return 200, json.dumps({"access_token": TOKEN, "expires_in": 3600}).encode()
        if place.path.endswith("/osdd"):
            return 200, OSDD.encode()
        if place.path.endswith("/os"):
            self.queries.append(parse_qs(place.query))
            features = [
                {"id": slot, "geometry": {}, "properties": {"date": "", "updated": ""}}
                for slot in self.slots
            ]
            return 200, json.dumps({"totalResults": len(features), "features": features}).encode()
        return None
