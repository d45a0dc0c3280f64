"""From an empty cluster to a proven one: self-initialisation, the operator's init, and the proof."""
