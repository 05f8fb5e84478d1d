"""The safetensors container: its length field, its header, its layout."""

import struct

from .formats import compact, data_of, entry, floats, framed, header_of, safetensors
from .model import embedded, tensors

ONE = '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
EIGHT = bytes(8)


def one(fields, name="a"):
    return "{" + f'"{name}":{{{fields}}}' + "}"


def fields(dtype='"F32"', shape="[2]", offsets="[0,8]"):
    return f'"dtype":{dtype},"shape":{shape},"data_offsets":{offsets}'


def three(*offsets):
    return compact({name: entry("BF16", [1], *pair) for name, pair in zip("abc", offsets)})


def lengths(add):
    add("no-bytes", b"", "headerTooSmall", "a file of no bytes")
    add("one-byte", b"{", "headerTooSmall", "the length field takes eight bytes")
    add("seven-bytes", bytes(7), "headerTooSmall", "the length field takes eight bytes")
    for name, length, error in [
        ("length-0", 0, "invalidHeader"), ("length-beyond-file", 3, "invalidHeaderLength"),
        ("length-1e8", 100_000_000, "invalidHeaderLength"), ("length-1e8-and-1", 100_000_001, "headerTooLarge"),
        ("length-2-63", 1 << 63, "headerTooLarge"), ("length-2-64-less-1", (1 << 64) - 1, "headerTooLarge"),
        ("length-2-64-less-8", (1 << 64) - 8, "headerTooLarge"),
    ]:
        add(name, struct.pack("<Q", length) + b"{}", error, f"a header of {length} bytes in a file of 10")
    whole = framed(ONE, EIGHT)
    add("cut-in-header", whole[:30], "invalidHeaderLength", "the file ends within the header")
    add("cut-before-data", whole[:-8], "metadataIncompleteBuffer", "the data is missing")
    add("cut-last-byte", whole[:-1], "metadataIncompleteBuffer", "the last byte is missing")
    add("one-byte-more", whole + b"\0", "metadataIncompleteBuffer", "a byte follows the last tensor")
    add("zip-behind", whole + b"PK\5\6" + bytes(18), "metadataIncompleteBuffer", "another format hides behind the data")
    add("length-too-short", struct.pack("<Q", len(ONE) - 1) + whole[8:], "invalidHeaderDeserialization",
        "the header is cut in its last bracket")


def texts(add):
    deserialization = "invalidHeaderDeserialization"
    for name, text, error, why in [
        ("array", "[]", "invalidHeader", "not an object"), ("null", "null", "invalidHeader", "not an object"),
        ("space-then-array", " []", deserialization, "not an object"),
        ("string", '"a"', "invalidHeader", "not an object"), ("spaces", " " * 64, deserialization, "no value at all"),
        ("byte-order-mark", b"\xef\xbb\xbf{}", "invalidHeader", "a mark before the brace"),
        ("utf-16", "{}".encode("utf-16"), "invalidHeader", "UTF-16"),
        ("utf-16-unmarked", "{}".encode("utf-16-le"), deserialization, "UTF-16 without a mark"),
        ("not-utf-8", b'{"\xff":1}', "invalidHeader", "a byte that UTF-8 does not have"),
        ("overlong", b'{"__metadata__":{"k":"\xc0\xaf"}}', "invalidHeader", "an overlong slash"),
        ("encoded-surrogate", b'{"__metadata__":{"k":"\xed\xa0\x80"}}', "invalidHeader", "a surrogate in UTF-8"),
        ("lone-surrogate", '{"__metadata__":{"k":"\\ud800"}}', deserialization, "half of an escaped pair"),
        ("bad-escape", '{"__metadata__":{"k":"\\x"}}', deserialization, "an escape that JSON does not have"),
        ("control-character", '{"__metadata__":{"k":"\n"}}', deserialization, "a line feed within a string"),
        ("two-objects", "{}{}", deserialization, "something behind the object"),
        ("nul-padding", "{}\0\0\0\0\0\0", deserialization, "padding is white space"),
        ("form-feed-padding", "{}\f", deserialization, "form feed is no white space in JSON"),
        ("trailing-comma", '{"__metadata__":{},}', deserialization, "a comma before the brace"),
        ("comment", "{/**/}", deserialization, "JSON has no comments"),
        ("single-quotes", "{'a':1}", deserialization, "JSON has one kind of quotes"),
        ("unended", '{"a', deserialization, "a string without an end"),
        ("deep", '{"a":' + "[" * 200 + "]" * 200 + "}", deserialization, "nested 200 deep"),
        ("pointer-file", "version https://git-lfs.github.com/spec/v1\n", "invalidHeader", "a pointer, framed"),
    ]:
        add("text-" + name, framed(text), error, why)
    add("pointer-file", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "headerTooLarge",
        "a pointer file in place of the checkpoint")


def duplicates(add):
    for name, text, why in [
        ("tensor", '{"a":{%s},"a":{%s}}' % (fields(), fields('"U8"', "[8]")), "readers disagree on which of two counts"),
        ("tensor-escaped", '{"ab":{%s},"a\\u0062":{%s}}' % (fields(), fields()), "the same name, escaped once"),
        ("metadata", '{"__metadata__":{},"__metadata__":{}}', "two sets of metadata"),
        ("metadata-key", '{"__metadata__":{"k":"1","k":"2"}}', "two values of a key"),
        ("field", one('"dtype":"U8",' + fields()), "two dtypes"),
    ]:
        add("twice-" + name, framed(text, EIGHT if "F32" in text else b""), "duplicateName", why)


def entries(add):
    for name, content, why in [
        ("array", '"a":["F32",[2],[0,8]]', "an entry in array form"), ("null", '"a":null', "no entry"),
        ("number", '"a":8', "no entry"), ("unknown-field", f'"a":{{{fields()},"x":1}}', "an unknown field"),
        ("no-dtype", '"a":{"shape":[2],"data_offsets":[0,8]}', "no dtype"),
        ("no-shape", '"a":{"dtype":"F32","data_offsets":[0,8]}', "no shape"),
        ("no-offsets", '"a":{"dtype":"F32","shape":[2]}', "no offsets"),
        ("named-metadata", f'"__metadata__":{{{fields()}}}', "a tensor under the name of the metadata"),
    ]:
        add("entry-" + name, framed("{" + content + "}", EIGHT), "invalidHeaderDeserialization", why)
    for name, dtype in [
        ("lower-case", '"f32"'), ("unknown", '"F128"'), ("empty", '""'), ("number", "32"), ("null", "null"),
        ("padded", '"F32 "'),
    ]:
        add("dtype-" + name, framed(one(fields(dtype=dtype)), EIGHT), "invalidHeaderDeserialization", f"dtype {dtype}")
    for name, number in [
        ("negative", "-2"), ("minus-zero", "-0"), ("fraction", "2.0"), ("exponent", "2e0"), ("string", '"2"'),
        ("leading-zero", "02"), ("2-63", "9223372036854775808"), ("2-64", "18446744073709551616"), ("null", "null"),
        ("true", "true"), ("nan", "NaN"), ("nested", "[2]"),
    ]:
        places = [("dimension", fields(shape=f"[{number}]")), ("start", fields(offsets=f"[{number},8]")),
                  ("end", fields(offsets=f"[0,{number}]"))]
        for place, text in places[: 3 if name in ["negative", "fraction", "2-63", "string"] else 1]:
            add(f"{place}-{name}", framed(one(text), EIGHT), "invalidHeaderDeserialization", f"a {place} of {number}")
    for name, offsets in [("one", "[0]"), ("three", "[0,8,8]"), ("none", "[]"), ("object", '{"0":0,"1":8}'), ("scalar", "8")]:
        add("offsets-" + name, framed(one(fields(offsets=offsets)), EIGHT), "invalidHeaderDeserialization",
            f"offsets {offsets}")
    for name, value in [
        ("list", "[]"), ("number", "1"), ("string", '"x"'), ("true", "true"), ("of-number", '{"k":1}'),
        ("of-null", '{"k":null}'), ("of-object", '{"k":{}}'),
    ]:
        add("metadata-" + name, framed('{"__metadata__":' + value + "}"), "invalidHeaderDeserialization",
            f"metadata {value}")


def layouts(add):
    for name, offsets, size in [
        ("hole-at-start", ((1, 3), (3, 5), (5, 7)), 7), ("hole-in-middle", ((0, 2), (3, 5), (5, 7)), 7),
        ("overlap", ((0, 2), (1, 3), (3, 5)), 5), ("same-range", ((0, 2), (0, 2), (2, 4)), 4),
        ("reversed", ((0, 2), (4, 2), (4, 6)), 6), ("all-of-file-twice", ((0, 2), (0, 2), (0, 2)), 2),
    ]:
        add("layout-" + name, framed(three(*offsets), bytes(size)), "invalidOffset", f"tensors at {offsets}")
    add("layout-tail", framed(three((0, 2), (2, 4), (4, 6)), bytes(7)), "metadataIncompleteBuffer", "a byte is left")
    for name, shape, error in [
        ("too-small", "[3]", "tensorInvalidInfo"), ("too-large", "[1]", "tensorInvalidInfo"),
        ("scalar", "[]", "tensorInvalidInfo"), ("zero", "[0]", "tensorInvalidInfo"),
        ("overflow", "[4611686018427387904,4]", "validationOverflow"),
        ("overflow-to-eight", "[2,4611686018427387905]", "validationOverflow"),
        ("overflow-before-zero", "[4294967296,4294967296,0]", "validationOverflow"),
    ]:
        add("shape-" + name, framed(one(fields(shape=shape)), EIGHT), error, f"F32 {shape} in eight bytes")
    add("bits-f4", framed(one(fields('"F4"', "[3]", "[0,2]")), bytes(2)), "misalignedSlice", "12 bits")
    add("bits-f6", framed(one(fields('"F6_E2M3"', "[2]", "[0,2]")), bytes(2)), "misalignedSlice", "12 bits")
    add("error-of-many-lines", framed(one(fields('"F31"'), r"\u001b[31m\n\u2028\u202e\u0085name"), EIGHT),
        "invalidHeaderDeserialization", "a name that would break or color an error line")


def large(corpus):
    def made(name, parts, error, why):
        corpus.reject("safetensors", name, {"case.safetensors": {"make": parts}}, error, why)

    made("large-depth", [{"u64": 100_005}, {"text": '{"a":'}, {"repeat": "[", "count": 100_000}],
         "invalidHeaderDeserialization", "nested 100,000 deep")
    row = ',"{i}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}'
    length = 100_000 * len(row.replace("{i}", "0000000")) + len(ONE) + 8
    made("large-entries", [{"u64": length}, {"text": ONE[:-1]}, {"repeat": row, "count": 100_000}, {"text": "}        "}],
         "metadataIncompleteBuffer", "100,000 tensors, the data of one missing")
    tail = '":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}'
    made("large-name", [{"u64": 1_000_100 + len(tail)}, {"text": '{"'}, {"repeat": "x", "count": 1_000_000},
                        {"text": tail}, {"sparse": 8}],
         "invalidHeaderLength", "a name of a megabyte, a header that ends behind the file")
    made("large-name-dtype", [{"u64": 1_000_002 + len(tail)}, {"text": '{"'}, {"repeat": "x", "count": 1_000_000},
                              {"text": tail}, {"sparse": 8}],
         "invalidHeaderDeserialization", "a name of a megabyte and an unknown dtype")
    start = '{"a":{"dtype":"F32","data_offsets":[0,0],"shape":['
    made("large-shape", [{"u64": len(start) + 12_000_004}, {"text": start},
                         {"repeat": "1," * 6, "count": 1_000_000}, {"text": "1]}}"}],
         "tensorInvalidInfo", "a shape of six million dimensions")
    made("large-sparse", [{"sparse": 100_000_000}], "invalidHeader", "100 MB of zeros")
    made("large-sparse-header", [{"u64": 100_000_000}, {"text": "{"}, {"sparse": 100_000_000}],
         "invalidHeaderDeserialization", "a header of 100 MB of zeros")


def add(corpus):
    def reject(name, content, error, why):
        corpus.reject("safetensors", name, {"case.safetensors": content}, error, why)

    for part in [lengths, texts, duplicates, entries, layouts]:
        part(reject)
    large(corpus)
    accepted(corpus)


def accepted(corpus):
    base = tensors() + embedded()
    header = header_of(base, {"format": "pt"})
    data = data_of(base)

    def accept(name, content, why, exits={}, **means):
        corpus.accept("safetensors", name, {"case.safetensors": content}, why, {"base": "same"} | means, exits)

    text = compact(header)
    accept("unpadded", framed(text, data), "a header whose length is no multiple of eight")
    accept("padded-with-each-space", framed(text + " \t\n\r", data), "all white space of JSON behind the object")
    accept("spaces-before", framed(" \n\t\r" + text, data), "white space before the object, which the reference reads")
    accept("much-padding", framed(text + " " * 8192, data), "room left for a longer header")
    accept("pretty", framed(text.replace(",", " ,\n ").replace(":[", " : [ "), data), "white space between all things")
    plain = {name: value for name, value in header.items() if name != "__metadata__"}
    accept("no-metadata", framed(compact(plain), data), "metadata is optional", metadata={})
    accept("metadata-null", framed(compact({"__metadata__": None} | plain), data), "as MLX writes it", metadata={})
    accept("metadata-empty", framed(compact({"__metadata__": {}} | plain), data), "no entries", metadata={})
    accept("metadata-behind", framed(compact(plain | {"__metadata__": {"k": "v"}}), data), "metadata comes last",
           metadata={"k": "v"})
    odd = {"": "", "\u00e9": "composed", "e\u0301": "decomposed", "\x1b[31m\n": "\u2028", "total_parameters": "-1"}
    accept("metadata-odd", framed(compact({"__metadata__": odd} | plain), data), "keys are compared by bytes", metadata=odd)
    accept("order-reversed", framed(compact(dict(reversed(list(header.items())))), data), "entries in any order")
    accept("fields-reversed", framed(compact({k: dict(reversed(list(v.items()))) for k, v in header.items()}), data),
           "fields in any order")
    escaped = text.replace('"model.norm.weight"', '"\\u006dodel.norm\\u002Eweight"').replace('"F32"', '"\\u004632"')
    accept("names-escaped", framed(escaped, data), "escapes are part of the spelling, not of the name")
    shifted = [("a", "U8", [1], b"\1")] + base
    accept("unaligned", framed(compact(header_of(shifted)), data_of(shifted)), "F32 at odd offsets", base="other", tensors=12)
    strange = [
        ("", "U8", [1], b"\0"), ("../../etc/passwd", "U8", [1], b"\1"), ("nul\0", "U8", [1], b"\2"),
        ("\x1b[2J\u202e", "U8", [1], b"\3"), ("\u00e9", "U8", [1], b"\4"), ("e\u0301", "U8", [1], b"\5"),
    ]
    accept("names-odd", safetensors(base + strange), "a name is any string, no path", base="other", tensors=17)
    empty = [("zero", "F32", [0, 5], b""), ("scalar", "F32", [], floats([1])), ("hidden", "F32", [0, 1 << 32, 1 << 32], b"")]
    accept("shapes-odd", safetensors(base + empty), "no dimensions, and zeros that hide an overflow", base="other", tensors=14)
    widths = {"BOOL": 1, "F8_E5M2": 1, "F8_E4M3": 1, "F8_E8M0": 1, "I8": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2,
              "I32": 4, "U32": 4, "F32": 4, "F64": 8, "I64": 8, "U64": 8, "C64": 8, "F8_E4M3FNUZ": 1, "F8_E5M2FNUZ": 1}
    kinds = [(f"x.{dtype}", dtype, [3], b"\xff" * 3 * width) for dtype, width in widths.items()]
    kinds += [("x.F4", "F4", [4], b"\xff\xff"), ("x.F6_E2M3", "F6_E2M3", [4], b"\0" * 3), ("x.F6_E3M2", "F6_E3M2", [4], b"\0" * 3)]
    accept("dtypes", safetensors(base + kinds), "every dtype, beside the model; values are not looked at", base="other",
           tensors=11 + 21)
    for name, value in [("nan", float("nan")), ("infinite", float("inf"))]:
        content = [(n, d, s, floats([value] * 4) if n == "model.norm.weight" else b) for n, d, s, b in base]
        accept("weights-" + name, safetensors(content), "read, and told once logits are computed from it", base="other",
               exits={"rewrite": 1, "run": 1})
    row = ',"x{i}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}'
    # Tensors of no bytes may start at offset 0, as the first tensor does.
    length = len(text.encode()) + 20_000 * len(row.replace("{i}", "0000000"))
    recipe = [{"u64": length}, {"text": text[:-1]}, {"repeat": row, "count": 20_000}, {"text": "}"}, {"hex": data.hex()}]
    accept("large-entries-valid", {"make": recipe}, "20,000 tensors of no bytes", base="other", tensors=20_011)
    recipe = [{"u64": len(text.encode()) + 4_000_000}, {"text": text}, {"repeat": " ", "count": 4_000_000}, {"hex": data.hex()}]
    accept("large-padding", {"make": recipe}, "4 MB of spaces behind the header")
