"""A wrong line of every kind, with the stable code it must be answered with."""

import base64
import struct

from . import tdigest

MAX_LINE_BYTES = 64 * 1024

_GOOD_DIGEST = tdigest.verbose([(1.0, 1.0), (2.0, 3.0)])


def _text(payload):
    return base64.b64encode(payload).decode()


def _digest_with(offset, fmt, value):
    broken = bytearray(_GOOD_DIGEST)
    struct.pack_into(fmt, broken, offset, value)
    return _text(bytes(broken))


def _old(now_s):
    return now_s - 24 * 3600 - 120


def _ahead(now_s):
    return now_s + 10 * 60 + 120


# (a name for the test's id, the line without LF as text, bytes or a function of the time in seconds, the code)
BAD_LINES = [
    ("no_such_command", "frobnicate a 1", "unknown_command"),
    ("upper_case_command", "MABS counter a 1", "unknown_command"),
    ("upper_case_put", "PUT a 1763750400 1", "unknown_command"),
    ("statsd", "requests:1|c", "unknown_command"),
    ("type_missing", "mabs", "unknown_type"),
    ("type_unknown", "mabs timer a 1", "unknown_type"),
    ("type_upper_case", "mabs Counter a 1", "unknown_type"),
    ("type_prefix", "mabs count a 1", "unknown_type"),
    ("metric_missing", "mabs counter", "missing_metric"),
    ("metric_missing_put", "put", "missing_metric"),
    ("value_missing", "mabs counter a", "missing_value"),
    ("value_missing_before_tag", "mabs gauge a x=1", "missing_value"),
    ("digest_missing", "mabs histogram a", "missing_value"),
    ("digest_missing_after_timestamp", lambda now: f"mabs h a {now}", "missing_value"),
    ("put_without_timestamp", "put a", "missing_timestamp"),
    ("put_without_value", lambda now: f"put a {now}", "missing_value"),
    ("put_without_value_before_tag", lambda now: f"put a {now} x=1", "missing_value"),
    ("metric_with_comma", "mabs counter a,b 1", "bad_metric"),
    ("metric_with_brace", "mabs counter a{b} 1", "bad_metric"),
    ("metric_with_quote", 'mabs counter a"b 1', "bad_metric"),
    ("metric_with_backslash", "mabs counter a\\b 1", "bad_metric"),
    ("metric_with_equals", "mabs counter a=b 1", "bad_metric"),
    ("metric_too_long", "mabs counter " + "m" * 256 + " 1", "bad_metric"),
    ("timestamp_11_digits", "mabs counter a 17637504000 1", "bad_timestamp"),
    ("timestamp_9_digits", "mabs counter a 176375040 1", "bad_timestamp"),
    ("timestamp_negative", "put a -1763750400 1", "bad_timestamp"),
    ("timestamp_fraction", "put a 1763750400.5 1", "bad_timestamp"),
    ("timestamp_word", "mabs gauge a now 1", "bad_timestamp"),
    ("timestamp_old", lambda now: f"mabs counter a {_old(now)} 1", "timestamp_too_old"),
    ("timestamp_old_ms", lambda now: f"put a {_old(now) * 1000} 1", "timestamp_too_old"),
    ("timestamp_zero", "mabs counter a 0000000000 1", "timestamp_too_old"),
    ("timestamp_ahead", lambda now: f"mabs gauge a {_ahead(now)} 1", "timestamp_too_far_ahead"),
    ("timestamp_ahead_digest", lambda now: f"mabs h a {_ahead(now)} {_text(_GOOD_DIGEST)}", "timestamp_too_far_ahead"),
    ("counter_fraction", "mabs counter a 1.5", "bad_value"),
    ("counter_exponent", "mabs counter a 1e3", "bad_value"),
    ("counter_word", "mabs counter a one", "bad_value"),
    ("counter_two_signs", "mabs counter a ++1", "bad_value"),
    ("counter_sign_alone", "mabs counter a -", "bad_value"),
    ("counter_overflow", "mabs counter a 9223372036854775808", "value_out_of_range"),
    ("counter_underflow", "mabs counter a -9223372036854775809", "value_out_of_range"),
    ("gauge_nan", "mabs gauge a NaN", "bad_value"),
    ("gauge_infinity", "mabs gauge a Infinity", "bad_value"),
    ("gauge_minus_inf", "mabs gauge a -inf", "bad_value"),
    ("gauge_hex", "mabs gauge a 0x10", "bad_value"),
    ("gauge_null", "mabs gauge a null", "bad_value"),
    ("gauge_true", "mabs gauge a true", "bad_value"),
    ("gauge_comma", "mabs gauge a 1,5", "bad_value"),
    ("gauge_point_alone", "mabs gauge a .", "bad_value"),
    ("gauge_exponent_alone", "mabs gauge a e5", "bad_value"),
    ("gauge_exponent_empty", "mabs gauge a 1e", "bad_value"),
    ("gauge_too_large", "mabs gauge a 1e309", "value_out_of_range"),
    ("sample_nan", "mabs sample a nan", "bad_value"),
    ("put_nan", lambda now: f"put a {now} NaN", "bad_value"),
    ("put_too_large", lambda now: f"put a {now} -1e400", "value_out_of_range"),
    ("digest_no_base64", "mabs histogram a ????", "bad_base64"),
    ("digest_url_alphabet", "mabs histogram a AA_-", "bad_base64"),
    ("digest_padding_inside", "mabs histogram a AA==AAAA", "bad_base64"),
    ("digest_of_nothing", "mabs histogram a AAAA", "bad_digest"),
    ("digest_cut", "mabs histogram a " + _text(_GOOD_DIGEST[:-8]), "bad_digest"),
    ("digest_code", "mabs histogram a " + _digest_with(0, ">i", 9), "bad_digest"),
    ("digest_count_negative", "mabs histogram a " + _digest_with(28, ">i", -1), "bad_digest"),
    ("digest_count_wraps", "mabs histogram a " + _digest_with(28, ">i", 0x40000000), "bad_digest"),
    ("digest_weight_zero", "mabs histogram a " + _digest_with(32, ">d", 0.0), "bad_digest"),
    ("digest_weight_nan", "mabs histogram a " + _digest_with(32, ">d", float("nan")), "bad_digest"),
    ("digest_weight_huge", "mabs histogram a " + _digest_with(32, ">d", 2.0**54), "bad_digest"),
    ("digest_mean_infinite", "mabs histogram a " + _digest_with(56, ">d", float("inf")), "bad_digest"),
    ("digest_compression_nan", "mabs histogram a " + _digest_with(20, ">d", float("nan")), "bad_digest"),
    ("digest_min_above_max", "mabs histogram a " + _digest_with(4, ">d", 5.0), "bad_digest"),
    ("digest_trailing_byte", "mabs histogram a " + _text(_GOOD_DIGEST + b"\x01"), "bad_digest"),
    ("two_words", "mabs counter a 1 oops", "bad_timestamp"),
    ("bare_word", lambda now: f"mabs counter a {now} 1 b=1 oops", "bad_tag"),
    ("bare_word_behind_a_digest", f"mabs histogram a {_text(_GOOD_DIGEST)} oops", "bad_tag"),
    ("three_numbers", lambda now: f"mabs counter a {now} 1 2", "bad_tag"),
    ("tag_without_name", "mabs counter a 1 =b", "bad_tag_name"),
    ("tag_name_with_comma", "mabs counter a 1 b,c=d", "bad_tag_name"),
    ("tag_name_too_long", "mabs counter a 1 " + "t" * 256 + "=1", "bad_tag_name"),
    ("tag_value_too_long", "mabs counter a 1 t=" + "v" * 1025, "tag_value_too_long"),
    ("tag_twice", "mabs counter a 1 b=1 b=2", "duplicate_tag"),
    ("tag_twice_equal", "mabs counter a 1 b=1 c=2 b=1", "duplicate_tag"),
    ("by_node_twice", "mabs counter a 1 by_node=1 by_node=1", "duplicate_tag"),
    ("tags_too_many", "mabs counter a 1 " + " ".join(f"t{n}=1" for n in range(33)), "too_many_tags"),
    ("by_node_word", "mabs counter a 1 by_node=maybe", "bad_by_node"),
    ("by_node_upper_case", "mabs counter a 1 by_node=TRUE", "bad_by_node"),
    ("nul", b"mabs counter a\0b 1", "control_character"),
    ("escape", b"mabs counter a 1 b=\x1b[31m", "control_character"),
    ("delete", b"mabs counter a\x7f 1", "control_character"),
    ("c1_control", b"mabs counter a\xc2\x85 1", "control_character"),
    ("carriage_return_inside", b"mabs counter a\r 1", "control_character"),
    ("two_carriage_returns", b"mabs counter a 1\r\r", "control_character"),
    ("latin1", b"mabs counter caf\xe9 1", "invalid_utf8"),
    ("overlong", b"mabs counter a\xc0\xaf 1", "invalid_utf8"),
    ("surrogate", b"mabs counter a\xed\xa0\x80 1", "invalid_utf8"),
    ("cut_sequence", b"mabs counter a 1 b=\xe2\x82", "invalid_utf8"),
    ("random_bytes", bytes(range(128, 192)), "invalid_utf8"),
    ("sync_without_token", "sync", "missing_token"),
    ("too_long", "mabs counter a " + " " * MAX_LINE_BYTES + "1", "line_too_long"),
]


def bad_line(line, now_s):
    """The bytes of a table's line, without LF."""
    if callable(line):
        line = line(now_s)
    return line if isinstance(line, bytes) else line.encode()
