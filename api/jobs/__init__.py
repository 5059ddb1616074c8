"""Jobs as callers create, read and follow them."""
