"""Remote: places that are no folders (s3://, gs://, https://): inputs copied here, products put."""

from __future__ import annotations

from nephoscope.remote.urls import cache as cache
from nephoscope.remote.urls import is_url as is_url
from nephoscope.remote.urls import shown_url as shown_url
