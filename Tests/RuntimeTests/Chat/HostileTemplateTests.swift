import Foundation
import Testing

@testable import Format
@testable import Runtime

/// Templates come with files from anywhere: each of these ends, in one line.
@Suite struct HostileTemplateTests {
  @Test(arguments: [
    "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{{ 'a' * 9999999999 }}", "{{ [1] * 9999999999 }}", "{{ 'a' * 9223372036854775807 }}",
    "{% set ns = namespace(x='aaaaaaaa') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace(x='aaaaaaaa') %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "{% set ns = namespace(x=[1]) %}{% for i in range(9999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace(x=1) %}{% for i in range(9999) %}{% set ns.x = namespace(x=ns.x) %}{% endfor %}",
    "{% set ns = namespace() %}{% set ns.x = ns %}{% set y = [ns] %}",
    "{% set ns = namespace() %}{% macro f() %}{% macro g() %}{% endmacro %}{% set ns.m = g %}{% endmacro %}{{ f() }}",
    "{{ 'aaaaaaaaaaaaaaaa' | replace('', 'aaaaaaaaaaaaaaaa' * 999999) }}",
    "{% set a = 'ab' * 999999 %}{% for i in range(9999) %}{% set b = a | replace('a', 'c') %}{% endfor %}",
    "{% set a = 'ab' * 999999 %}{% for i in range(9999) %}{% set b = a[::-1] %}{% endfor %}",
    "{% set a = 'ab' * 999999 %}{% for i in range(99999) %}{% if 'x' in a %}{% endif %}{% endfor %}",
    "{{ 2 ** 99999999 }}", "{{ 9223372036854775807 + 1 }}", "{{ -9223372036854775807 - 2 }}", "{{ 1 // 0 }}",
    "{{ 1 % 0 }}",
    "{{ (-9223372036854775807 - 1) // -1 }}", "{{ (-9223372036854775807 - 1) | abs }}",
    "{{ -(-9223372036854775807 - 1) }}",
    "{{ 1e308 * 10 | int }}{{ ''[5] }}{{ nothing() }}", "{{ 99999999999999999999 }}",
    "{{ range(0, 9223372036854775807) }}",
    "{{ range(-9223372036854775807, 9223372036854775807, 9223372036854775807) }}{{ x() }}",
    "{{ '\\ud800' }}", "{{ '\\U00110000' }}", "{{ '\\x' }}", "{{ '\\u12' }}", "{{ 'a", "{%", "{{", "{#", "{% raw %}",
    "{% raw",
    "{{ 'x' | indent(99999999) }}", "{{ [1, 2] | join('a' * 16000000) | length }}",
    "{{ {} | tojson(indent=-5) }}{{ x() }}",
    "{% call f() %}{% endcall %}", "{% set a, b, c = 'ab' %}", "{{ caller() }}", "{{ loop.index }}",
    "{% for i in [1, 2] %}{{ loop.cycle() }}{% endfor %}", "{{ '%.99999f' | format(1) }}", "{{ '%d' | format(1e300) }}",
    "{{ 5 is divisibleby 0 }}", "{{ 'a' | int(base=99) | nothing }}", "{{ '{' . format() }}", "{{ '%' | format }}",
  ])
  func ends(_ source: String) throws {
    let problem = try ChatFixture.problem(source)
    #expect(problem.hasPrefix("t.jinja: line 1: "), "\(source): \(problem)")
    #expect(!problem.contains("\n"))
  }

  @Test func deepNestingIsAnError() throws {
    for (open, close) in [
      ("(", ")"), ("[", "]"), ("-", ""), ("not ", ""), ("{1: ", "}"), ("1 if 1 else ", ""), ("a[", "]"),
    ] {
      let deep =
        "{{ " + String(repeating: open, count: 100_000) + "1" + String(repeating: close, count: 100_000) + " }}"
      #expect(try ChatFixture.problem(deep).hasPrefix("t.jinja: line 1: nested too deeply"), "\(open)")
    }
    let blocks = String(repeating: "{% if 1 %}", count: 100_000)
    #expect(try ChatFixture.problem(blocks).contains("nested too deeply"))
    let chain = "{{ " + Array(repeating: "1", count: 20_000).joined(separator: " + ") + " }}"
    #expect(try ChatFixture.problem(chain).contains("nested too deeply"))
  }

  @Test func randomPiecesNeverTrap() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let language = try JSONDocument(path: "\(ChatFixture.folder)/language.json").root.elements
    let pieces = language.compactMap { $0["source"]?.string }
    let marks = [
      "{{", "}}", "{%", "%}", "{#", "#}", "-", "|", ".", "(", ")", "[", "]", " if ", " for ", "x", "1", "'", "\n",
    ]
    for _ in 0..<2000 {
      let pick = { (list: [String]) in list[Int(generator.next() % UInt64(list.count))] }
      let (a, b) = (pick(pieces), pick(pieces))
      let source =
        String(a.prefix(Int(generator.next() % 40))) + pick(marks) + String(b.suffix(Int(generator.next() % 40)))
      let problem = try ChatFixture.problem(source)
      #expect(!problem.isEmpty, "seed \(seed): \(source)")
    }
  }
}
