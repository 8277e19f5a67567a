"""Where pictures come from: one technology a module, all of the shape `sightline.ingest.source.Source`.

Invariants: a source is opened, read and closed by one thread (a libav frame never crosses threads); only
`Source.interrupt` may be called from another. Frames are decoded as late as can be, and only those somebody asks for
are converted to BGR. Every wait has an end: a camera that accepts and then says nothing raises `SourceError`. No
error text holds a user name, password or token.
"""
