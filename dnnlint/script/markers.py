"""Whether a file can hold suppression comments at all: most do not, and pay for nothing else."""

import re

MARKER = re.compile(rb"#[ \t]*(?i:dnnlint[ \t]*:|noqa)")
OWN_MARKER = re.compile(rb"#[ \t]*dnnlint[ \t]*:")
