"""The door of Afanasy farms: scripts, web page, render nodes and afwatch of CGRU 3.4.1."""
