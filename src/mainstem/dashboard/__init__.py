"""Pages that people look at, over what a build published and nothing else.

`serve` starts Streamlit on `app`, which knows the viewer (`access`), opens what is published for
that viewer's regions (`opened`) and shows one of `pages`, each made of the parts in `frame`.
"""

from mainstem.dashboard.serve import serve

__all__ = ["serve"]
