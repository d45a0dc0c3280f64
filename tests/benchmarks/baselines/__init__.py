"""What others run, restated: the objects that openbao-helm renders, and those that openbao-operator builds.

Neither project's text is in this repository. openbao-helm is under MPL-2.0 and openbao-operator under Apache-2.0; what
is taken from them are facts (names, labels, figures, keys of a configuration), in our own words, each with the file it
comes from. Both baselines are at their best: where the upstream way waits for a person or for a controller's next
look, ours is a script that acts at once.
"""
