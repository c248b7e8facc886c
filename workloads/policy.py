"""Pure: how risky a Change is, who must approve it, whether policy refuses it."""
