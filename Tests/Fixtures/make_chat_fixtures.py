"""Writes Tests/Fixtures/chat: conversations as transformers renders them by the templates in chat/templates, and pieces of
templates with what Jinja makes of them.

Needs transformers, tokenizers and jinja2. The tokenizer is byte-level, without merges, and has the special tokens of
every template.
"""

import datetime
import json
import pathlib

import transformers.utils.chat_template_utils as chat
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

FOLDER = pathlib.Path(__file__).parent / "chat"
TOKENS = {
    "plain": ("<|im_start|>", "<|im_end|>"), "headers": ("<|begin_of_text|>", "<|eot_id|>"), "instruct": ("<s>", "</s>"),
    "turns": ("<bos>", "<eos>"), "thinking": (None, "<|im_end|>"),
}
MARKS = (
    "<|im_start|> <|im_end|> <|begin_of_text|> <|start_header_id|> <|end_header_id|> <|eot_id|> <s> </s> [INST] [/INST] "
    "<bos> <eos> <start_of_turn> <end_of_turn>"
).split()
USER, ANSWER, MORE = "  Where is Kathmandu? 東京 ", "In Nepal.", "And\nTokyo? <|im_end|><s> e\u0301é"
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {
    "type": "object", "required": ["city"],
    "properties": {"Zone": {"type": "integer"}, "city": {"type": "string", "enum": ["Oslo", "<b>\"é\""]}},
}}}]
CALL = {"role": "assistant", "content": None, "tool_calls": [
    {"id": "a", "type": "function", "function": {"name": "weather", "arguments": {"city": "Oslo", "days": [1.5, True, None]}}},
    {"name": "weather", "arguments": "{}"},
]}


def turns(*contents):
    roles = ("user", "assistant")
    return [{"role": roles[i % 2], "content": content} for i, content in enumerate(contents)]


SYSTEM = [{"role": "system", "content": " Be brief.\n"}]
THOUGHT = {"role": "assistant", "content": "2", "reasoning": "1 and 1"}
CONVERSATIONS = [
    (turns(USER), {}), (turns(USER, ANSWER, MORE), {}), (SYSTEM + turns(USER), {}), (SYSTEM + turns(USER, ANSWER, MORE), {}),
    (turns("", ""), {}), (turns(USER) + turns(MORE), {}), (SYSTEM + turns(USER), {"tools": TOOLS}),
    (turns("Weather?") + [CALL], {"tools": TOOLS}), (turns("1+1?") + [THOUGHT], {}),
    (turns("1+1?", "<think>\n1 and 1\n</think>\n\n2", "2+2?"), {"enable_thinking": False}),
    ([{"role": "user", "content": [{"type": "text", "text": "Hi "}, {"type": "image"}, {"type": "text", "text": "you"}]}], {}),
]

# Expressions, between bars; each is rendered between braces.
EXPRESSIONS = r"""
1 + 2 * 3 - 4 ¦ 7 // 2 ¦ -7 // 2 ¦ 7 % 3 ¦ -7 % 3 ¦ 7 % -3 ¦ 7 / 2 ¦ 2 ** 10 ¦ 2 ** -1 ¦ -2 ** 2 ¦ 7.5 // 2 ¦ 1e3 ¦ 1_000
1 / 3 ¦ 1e16 ¦ 1e15 + 0.5 ¦ 0.00001 ¦ 5 * 'ab' ¦ [1, 2] * 2 ¦ 'a' + 'b' 'c' ¦ 'a' ~ 1 ~ none ~ true ¦ true + 1 ¦ 1 == 1.0 ¦ 1 == true
'a' < 'b' ¦ 'Z' < 'a' ¦ 1 < 2 < 3 ¦ 1 < 3 < 2 ¦ [1, 2] < [1, 3] ¦ 'a' < 1 ¦ 'a' in 'cat' ¦ 1 in [1] ¦ 'x' not in {'x': 1} ¦ 1 in 'a'
'é' == 'e\u0301' ¦ none == false ¦ x ¦ x is defined ¦ x.y ¦ x['y'] ¦ missing == x ¦ not x ¦ x ~ 'a' ¦ x + 1 ¦ x in [] ¦ 1 in x
'a' if false ¦ 'a' if true else 'b' ¦ 'a' if false else 'b' if false else 'c' ¦ 0 or 'b' ¦ '' and 1 ¦ not 1 == 2 ¦ true and 'c' or 'd'
[1, 'a', none, true, 1.5, {'k': ('x',)}] ¦ (1, 2) ¦ () ¦ {} ¦ {'a': 1}['a'] ¦ {'a': 1}.a ¦ {'items': 1}['items']
'it\'s' ¦ ['it\'s', "q\"", 'n\n\t\\', '\x7f\u200b', 'é東'] ¦ "\u0041\x42\103\q" ¦ [1, 2, 3][-1] ¦ [1][5] ¦ 'abc'[1] ¦ 'abc'[-1] ¦ 'abc'[9]
'abcde'[1:3] ¦ 'abcde'[::-1] ¦ 'abcde'[::2] ¦ 'abcde'[-2:] ¦ 'abcde'[:-2] ¦ 'abcde'[3:1] ¦ 'abcde'[4:1:-2] ¦ [1, 2, 3][:2] ¦ (1, 2)[1:] ¦ 'e\u0301x'[1:]
range(3) | list ¦ range(3)[1] ¦ range(5, 0, -2) | list ¦ range(200000) ¦ range(0, 1, 0) ¦ dict(a=1, b='c') ¦ dict({'a': 1}, b=2)
' a b ' | trim ¦ '[' ~ ('xaxx' | trim('x')) ~ ']' ¦ 'aBc dEf' | upper ¦ 'aBc dEf' | lower ¦ 'they\'re (new)-born x' | title ¦ 'aBC' | capitalize ¦ 'straße' | upper
'abc' | length ¦ [1, 2] | count ¦ {'a': 1} | length ¦ x | length ¦ 5 | length ¦ 'abc' | list ¦ {'a': 1} | list ¦ 5 | list ¦ none | list
'a-b-c' | replace('-', '+') ¦ 'aaa' | replace('a', 'b', 2) ¦ 'ab' | replace('', '.') ¦ 12 | replace(1, 3) ¦ [1, 2, 3] | join(', ') ¦ ['a'] | join ¦ [{'n': 1}, {'n': 2}] | join('-', 'n')
'a\nb\n\nc' | indent ¦ 'a\nb\n\nc' | indent(2, true) ¦ 'a\n\nb' | indent(1, blank=true) ¦ 'a\nb' | indent('>') ¦ '' | indent ¦ 'a\n' | indent
x | default('d') ¦ '' | default('d') ¦ '' | default('d', true) ¦ none | d('e') ¦ none | default('e', true) ¦ '42' | int ¦ '4.7' | int ¦ 'x' | int ¦ 'x' | int(7) ¦ 4.9 | int ¦ '0x1f' | int(base=16) ¦ true | int ¦ none | int
'1.5' | float ¦ 'x' | float ¦ 3 | float ¦ -3 | abs ¦ 3 | string ¦ '3' | string + 'a' ¦ true | string ¦ [1] | string
{'b': 1, 'A': 2, 'c': 0} | dictsort ¦ {'b': 1, 'A': 2} | dictsort(true) ¦ {'b': 1, 'A': 2} | dictsort(by='value') ¦ {'b': 1, 'a': 2} | dictsort(reverse=true) ¦ [1] | dictsort
['b', 'A', 'c'] | sort ¦ ['b', 'A', 'c'] | sort(case_sensitive=true) ¦ [3, 1, 2] | sort(reverse=true) ¦ [{'n': 2}, {'n': 1}] | sort(attribute='n') ¦ [1, 'a'] | sort
['b', 'B', 'a'] | unique | list ¦ [3, 1] | min ¦ ['b', 'A'] | min ¦ [] | max ¦ [1, 2.5] | sum ¦ [{'n': 2}] | sum(attribute='n') ¦ [1, 2, 3] | first ¦ [] | first ¦ [1, 2] | last ¦ 'ab' | last ¦ [1, 2] | reverse | list ¦ 'ab' | reverse
{'a': 1, 'b': 2} | items | list ¦ x | items | list ¦ [1] | items | list ¦ {'a': 1}.items() | list ¦ {'a': 1}.items() ¦ {'a': 1}.keys() ¦ {'a': 1}.values() | list ¦ {'a': 1}.get('b') ¦ {'a': 1}.get('b', 2)
['a', 'B'] | map('upper') | list ¦ [{'n': 1}, {}] | map(attribute='n') | list ¦ [{'n': 1}, {}] | map(attribute='n', default=0) | list ¦ [{'n': {'m': 1}}] | map(attribute='n.m') | list ¦ [[1, 2]] | map(attribute=1) | list ¦ ['a'] | map('replace', 'a', 'b') | first
[0, 1, 2] | select | list ¦ [0, 1, 2] | reject | list ¦ [1, 2, 3] | select('odd') | list ¦ [1, 2, 3] | select('>', 1) | list ¦ [{'a': 1}, {'a': 2}, {}] | selectattr('a', 'equalto', 1) | list ¦ [{'a': 1}, {}] | selectattr('a') | list ¦ [{'a': 1}, {}] | rejectattr('a', 'defined') | list
([1] | select)[0] is defined ¦ ([1] | select) | length ¦ [1] | select | last ¦ [1, 2] | map('string') | first
{'a': [1, 1.0, true, none, 'é"\n\u0001<'], 'b': {}} | tojson ¦ {'a': [1, {}], 'b': []} | tojson(indent=2) ¦ {'b': 1, 'a': 2} | tojson(sort_keys=true) ¦ 'é\u2028𝄞' | tojson(ensure_ascii=true) ¦ [1, 2] | tojson(separators=(',', ':')) ¦ [1, 2] | tojson(indent=1) ¦ x | tojson ¦ {1: 2, true: 3, none: 4} | tojson ¦ (1, 2) | tojson
'<b>' | safe ¦ ('<b>' | safe) + '<i>' ¦ '<b>' | escape ¦ '<b>' | e ~ '<' ¦ '"&\'' | e ¦ ('<b>' | safe | string) + '<' ¦ '%s-%d' | format('a', 3) ¦ '%.2f%%' | format(1.005)
1 is number ¦ true is number ¦ '1' is number ¦ 1 is integer ¦ true is integer ¦ true is boolean ¦ 1.0 is float ¦ 'a' is string ¦ x is undefined ¦ none is none ¦ {} is mapping ¦ [] is mapping ¦ [] is sequence ¦ 'a' is sequence ¦ {} is sequence ¦ 5 is sequence ¦ x is sequence
[] is iterable ¦ 'a' is iterable ¦ 5 is iterable ¦ x is iterable ¦ none is iterable ¦ true is true ¦ 1 is true ¦ false is false ¦ 3 is odd ¦ 4 is even ¦ 6 is divisibleby 3 ¦ 'a' is in 'abc' ¦ 1 is in [2] ¦ 1 is eq 1 ¦ 1 is ne 1 ¦ 2 is gt 1 ¦ 1 is lt 1 ¦ 1 is le 1 ¦ 'a' is lower ¦ 'A1' is upper ¦ 1 is not none ¦ 1 is equalto(1) ¦ 'a' is not string or true
' a '.strip() ¦ '[' ~ ' a '.lstrip() ~ ']' ¦ '[' ~ ' a '.rstrip() ~ ']' ¦ 'xxaxy'.strip('xy') ¦ 'a,b,,c'.split(',') ¦ ' a  b c '.split() ¦ 'a b c'.split(none, 1) ¦ 'a,b,c'.split(',', 1) ¦ 'a,b,c'.rsplit(',', 1) ¦ 'a b'.split('') ¦ ''.split(',') ¦ ''.split()
'abc'.startswith('ab') ¦ 'abc'.endswith('bc') ¦ 'abc'.startswith(('x', 'a')) ¦ 'a.b'.replace('.', '') ¦ 'aaa'.replace('a', 'b', 1) ¦ 'aB'.upper() ¦ 'aB'.lower() ¦ 'ab cd'.title() ¦ 'they\'re'.title() ¦ 'aBC dE'.capitalize() ¦ '-'.join(['a', 'b']) ¦ '-'.join([1])
'abcabc'.find('c') ¦ 'abcabc'.rfind('c') ¦ 'abc'.find('x') ¦ 'aaa'.count('a') ¦ 'aaa'.count('') ¦ 'ab'.index('b') ¦ 'ab'.index('x') ¦ '12'.isdigit() ¦ 'ab'.isalpha() ¦ ' '.isspace() ¦ 'Ab'.isupper() ¦ 'ab1'.islower() ¦ 'a\nb\r\nc'.splitlines() ¦ 'abc'.removeprefix('a') ¦ 'abc'.removesuffix('x') ¦ '{}-{b}-{{'.format(1, b=2)
[1, 2, 1].count(1) ¦ [1, 2].index(2) ¦ [1].append(2) ¦ {'a': 1}.pop('a') ¦ {}.update({}) ¦ 'a'.nothing ¦ 'a'.nothing() ¦ x() ¦ 5() ¦ none.a ¦ none['a'] ¦ [].a.b ¦ {}.__class__ ¦ ''.__class__.__mro__
namespace(a=1).a ¦ namespace(a=1).b ¦ namespace(_a=1) | nofilter is defined ¦ 1 | nofilter ¦ 1 is notest ¦ joiner() ¦ 1 if x.y else 2 ¦ 9223372036854775807 ¦ [1, 2,] ¦ {'a': 1,} ¦ ((1)) ¦ (1,) ¦ 'a' 'b' ¦ [1][0:1][0] ¦ -1 | abs ¦ 1 - -1 ¦ +3
'%s' % 'a' ¦ {'a': 1} == {'a': 1.0} ¦ [1] == (1,) ¦ {[1]: 2} ¦ 'a' is string and 'b' is string ¦ 1 is defined and x is not defined ¦ strftime_now('%Y-%m-%d %H:%M:%S %j %a %A %b %B %y %I %p %-d') ¦ raise_exception('no: ' ~ 1) ¦ 1 if ¦ 'a ¦ ] ¦ ) ¦ {% ¦ 1 2 ¦ a.b.c
""".strip().splitlines()

# Whole pieces of templates.
PIECES = [
    "a\n  {% if true %}\n  b\n  {% endif %}\nc\n", "a\n  {%- if true -%}\n  b\n  {%- endif %}\nc\n\n", "  {%+ if true %}\nx{% endif +%}\ny",
    "  {{ 1 }}\n{{- 2 -}}\n  3", "a {# c #}\nb{#- d -#} e\n  {# f #}\ng", "{% raw %}{{ x }}{% endraw %}\n {%- raw -%} {% y %} {%- endraw -%} z",
    "a\r\nb\rc\n", "{{ '}}' }}{{ {'a': {'b': 1}}['a'] }}", "{% for i in [1, 2, 3] %}{{ i }}{{ ',' if not loop.last }}{% endfor %}",
    "{% for i in [] %}x{% else %}none{% endfor %}", "{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }};{% endfor %}",
    "{% for i in range(6) if i is odd %}{{ loop.index }}/{{ loop.length }}:{{ i }} {{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}\n{% endfor %}",
    "{% for i in 'abc' %}{{ loop.previtem }}{{ i }}{{ loop.nextitem }};{% endfor %}", "{% for i in [1, 2] %}{{ loop.cycle('a', 'b') }}{{ loop.depth }}{% endfor %}",
    "{% for i in [1, 1, 2] %}{{ loop.changed(i) }}{% endfor %}", "{% for i in [1, 2, 3] %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}{% endfor %}",
    "{% for i in [1, 2, 3] %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% else %}e{% endfor %}", "{% break %}", "{% for i in 5 %}{% endfor %}",
    "{% set x = 1 %}{% for i in [1, 2] %}{{ x }}{% set x = 2 %}{{ x }}{% endfor %}{{ x }}", "{% if true %}{% set x = 1 %}{% endif %}{{ x }}",
    "{% set ns = namespace(n=0) %}{% for i in [1, 2] %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}", "{% set x.y = 1 %}",
    "{% set a, b = 1, 2 %}{{ b }}{{ a }}", "{% set a, b = [1] %}", "{% set x %}a{{ 1 }}{% endset %}{{ x | upper }}", "{% set x | upper | trim %} a{{ 1 }} {% endset %}[{{ x }}]",
    "{% macro f(a, b=2, c=b) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ f(1) }}{{ f(1, c=5) }}{{ f(b=3, a=4) }}", "{% macro f(a) %}{{ a }}{% endmacro %}[{{ f() }}]", "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, 2) }}",
    "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}", "{% set x = 1 %}{% macro f() %}{{ x }}{% set x = 9 %}{% endmacro %}{{ f() }}{% set x = 2 %}{{ f() }}{{ x }}",
    "{% macro f() %}[{{ caller(1) }}]{% endmacro %}{% call(a) f() %}{{ a }}!{% endcall %}", "{% macro f() %}{{ caller() }}{% endmacro %}{{ f() }}", "{% filter upper | trim %} a{{ 'b' }} {% endfilter %}",
    "{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a }}", "{% generation %}a{% set x = 1 %}{% endgeneration %}{{ x }}", "{% set ns = namespace(on=true) %}{% for i in [1, 2, 3] if ns.on %}{{ i }}{% set ns.on = false %}{% endfor %}",
    "{% if a is defined and a %}x{% elif not a %}y{% else %}z{% endif %}", "{% if %}{% endif %}", "{% if true %}", "{% endif %}", "{% else %}", "{% for %}{% endfor %}", "{% nothing %}", "{% include 'a' %}", "{{ 1", "{# a", "{% raw %}a",
    "{% for a in [[1, [2, 3]]] %}{% set b, c = a %}{{ b }}{{ c }}{% endfor %}", "{% for a, (b, c) in [[1, [2, 3]]] %}{{ a }}{{ b }}{{ c }}{% endfor %}", "{% for i in [1] %}{% for j in [2] %}{{ loop.index }}{{ i }}{{ j }}{% endfor %}{% endfor %}",
    "{{ [1, 2, 3] | selectattr | list }}", "{{ none | selectattr('a') | list }}{{ 0 | map('upper') | list }}{{ 5 | select | list }}",
    "{% macro f(a, b, c=0) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ f(*[1, 2]) }}{{ f(1, *(2, 3)) }}{{ f(1, **{'b': 2}) }}{{ f(1, 2, *[], **{'c': 3}) }}", "{% macro f(a) %}{% endmacro %}{{ f(*1) }}", "{% set f = 'abc'.upper %}{{ f() }}", "{% set g = [1, 2] | select %}{{ g | list }}{{ g | list }}", "{% if [1] | select and not ([] | select | list) %}t{% endif %}", "{% for x in {'b': 1, 'a': 2} %}{{ x }}{% endfor %}",
    "{% set loop = 5 %}{{ loop }}{% for i in [1] %}{{ loop.index }}{% endfor %}{{ loop }}", "{{ messages is defined }}{{ tools is none }}{{ add_generation_prompt }}", "{%- for i in [1] %}\n  x\n{%- endfor %}\n  y\n", "{{ 'a\nb' }}{{ '\\n' }}", "{% set x = 1 -%}\n  {{ x }}", "x{%- set y = 2 %}  \n z",
]


def main():
    class Day(datetime.datetime):
        @classmethod
        def now(cls, zone=None):
            return cls(2025, 3, 7)

    chat.datetime = Day
    FOLDER.mkdir(exist_ok=True)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(mark, special=True, normalized=False) for mark in MARKS])
    tokenizer.save(str(FOLDER / "tokenizer.json"))
    write("expected.json", [conversation(tokenizer, *case) for case in conversations()])
    pieces = ["{{ " + e + " }}" for line in EXPRESSIONS for e in line.split(" ¦ ")]
    write("language.json", [language(piece) for piece in pieces + PIECES])


def conversations():
    for name in TOKENS:
        for messages, variables in CONVERSATIONS:
            for continued in (True, False):
                yield name, messages, variables, continued


def conversation(tokenizer, name, messages, variables, continued):
    begin, end = TOKENS[name]
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=begin, eos_token=end)
    fast.chat_template = (FOLDER / "templates" / f"{name}.jinja").read_text(encoding="utf-8")
    case = {"template": name, "tokens": fast.special_tokens_map, "messages": messages, "variables": variables, "continued": continued}
    try:
        case["text"] = fast.apply_chat_template(messages, tokenize=False, add_generation_prompt=continued, **variables)
        ids = fast.apply_chat_template(messages, tokenize=True, add_generation_prompt=continued, **variables)
        case["ids"] = list(ids if isinstance(ids, list) else ids["input_ids"])
    except Exception as error:
        case["error"] = f"{type(error).__name__}: {error}"
    return case


def language(source):
    case = {"source": source}
    try:
        messages = [{"role": "user", "content": "Hi"}]
        rendered, _ = chat.render_jinja_template([messages], chat_template=source, add_generation_prompt=True)
        case["text"] = rendered[0]
    except Exception as error:
        case["error"] = f"{type(error).__name__}: {error}"
    return case


def write(name, cases):
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    (FOLDER / name).write_text(f"[\n{lines}\n]\n", encoding="utf-8")


main()
