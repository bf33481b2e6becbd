"""What CSV makes of cells: for the server's writer and for the one in the frame."""

from hypothesis import strategies as st

CELLS: list[tuple[object, str]] = [
    ("hello", '"hello"'),
    (None, '""'),
    (7, '"7"'),
    ("-0.0079", '"-0.0079"'),
    ("+12025550177", '"+12025550177"'),
    ("=HYPERLINK(1)", '"\'=HYPERLINK(1)"'),
    ("@SUM(A1)", '"\'@SUM(A1)"'),
    ("-2+3+cmd|' /C calc'!A0", "\"'-2+3+cmd|' /C calc'!A0\""),
    ("+1 and more", '"\'+1 and more"'),
    ("  =1", '"  \'=1"'),
    ("\t=1", '"\t\'=1"'),
    ("yes;=1+1", '"yes;\'=1+1"'),
    ("yes\n=1", '"yes\n\'=1"'),
    ("yes\r\n =1", '"yes\r\n \'=1"'),
    ("yes|=1", '"yes|\'=1"'),
    ('yes;"=1', '"yes;""\'=1"'),
    ('yes\t" ""@A1', '"yes\t"" """"\'@A1"'),
    ("＝1", '"\'＝1"'),
    ('say "=1"', '"say ""=1"""'),
    ("1 = 1", '"1 = 1"'),
]

# Rows of what readers make cells, quoted parts and formulas of.
TABLES = st.lists(st.lists(st.text(" '\";|,\t\r\n=+-@＝1a", max_size=9), min_size=2, max_size=2), max_size=9)
