"""What a series is and how its key is spelled: the reference of the tests, written from the specification alone."""

RESOLUTION_S = 60


def sorted_tags(tags):
    """Tags as they are kept: by name in byte order, empty values left out."""
    return tuple(sorted(((name, value) for name, value in tags if value != ""), key=lambda tag: tag[0].encode()))


def _escaped(value):
    for character in "\\,}":
        value = value.replace(character, "\\" + character)
    return value


def key_of(metric, tags, node=None):
    """`m`, `m{a=1,b=2}`, `m{a=1,b=2,node=h}`: the node stands last."""
    parts = [f"{name}={_escaped(value)}" for name, value in sorted_tags(tags)]
    if node is not None:
        parts.append(f"node={_escaped(node)}")
    return metric + ("{" + ",".join(parts) + "}" if parts else "")


def bucket_of(timestamp_ms, resolution_s=RESOLUTION_S):
    """The start of the bucket in seconds."""
    return timestamp_ms // 1000 // resolution_s * resolution_s
