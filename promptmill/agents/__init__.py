"""An installation as an agent's tools (Model Context Protocol): one server, over standard input or over HTTP.

Every tool is calls of the REST API, as any other caller makes them: keys, limits, budgets and the paid step are there.
Nothing here settles an unclear submission, forces a retry or lifts a limit, and no tool could: none of those routes is
called.
"""
