"""Pure: what is drawn on pages (graphs, sparklines, differences, coloured logs). No rows, no requests, no clock."""
