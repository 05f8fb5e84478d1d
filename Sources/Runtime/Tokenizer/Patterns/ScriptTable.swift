/// The scalars of each Unicode script (Unicode 16), as make_script_table.py writes them.
enum ScriptTable {
  /// A line per script: its names, a colon, and its ranges in hexadecimal, each counted from the end of the one before:
  /// the distance to its first scalar, and after a plus how many more it has.
  static let text = """
    Adlam Adlm: 1E900+4B 5+9 5+1
    Caucasian_Albanian Aghb: 10530+33 C
    Ahom: 11700+1A 3+E 5+16
    Arabic Arab: 600+4 2+5 2+D 2+2 2+1F 2+9 C+19 2+6B 2+21 51+2F F1+1E 2+1 6+4A 2+1C F251+72 11+16A 3+4F 3+35 8 21+F
      71+4 2+86 F64+1E 44+2 38+3 DF01+3 2+1A 2+1 2 3 2+9 2+3 2 2 7 5 2 2 2+2 2+1 2 3 2 2 2 2 2+1 2 3+3 2+6 2+3 2+3 2 2+9
      2+10 6+2 2+4 2+10 35+1
    Imperial_Aramaic Armi: 10840+15 2+8
    Armenian Armn: 531+25 3+31 3+2 F584+4
    Avestan Avst: 10B00+35 4+6
    Balinese Bali: 1B00+4C 2+31
    Bamum Bamu: A6A0+57 C109+238
    Bassa_Vah Bass: 16AD0+1D 3+5
    Batak Batk: 1BC0+33 9+3
    Bengali Beng: 980+3 2+7 3+1 3+15 2+6 2 4+3 3+8 3+1 3+3 9 5+1 2+4 3+18
    Bhaiksuki Bhks: 11C00+8 2+2C 2+D B+1C
    Bopomofo Bopo: 2EA+1 2E1A+2A 71+1F
    Brahmi Brah: 11000+4D 5+23 A
    Braille Brai: 2800+FF
    Buginese Bugi: 1A00+1B 3+1
    Buhid Buhd: 1740+13
    Chakma Cakm: 11100+34 2+11
    Canadian_Aboriginal Cans: 1400+27F 231+45 101BB+F
    Carian Cari: 102A0+30
    Cham: AA00+36 A+D 3+9 3+3
    Cherokee Cher: 13A0+55 3+5 9773+4F
    Chorasmian Chrs: 10FB0+1B
    Coptic Copt: 3E2+D 2891+73 6+6
    Cypro_Minoan Cpmn: 12F90+62
    Cypriot Cprt: 10800+5 3 2+2B 2+1 4 3
    Cyrillic Cyrl: 400+84 3+A8 1751+A A1 4D 1068+1F 7841+5F 578F+1 E201+3D 22
    Devanagari Deva: 900+50 5+E 3+19 9F61+1F 7201+9
    Dives_Akuru Diak: 11900+6 3 3+7 2+1 2+1D 2+1 3+B A+9
    Dogra Dogr: 11800+3B
    Deseret Dsrt: 10400+4F
    Duployan Dupl: 1BC00+6A 6+C 4+8 8+9 3+3
    Egyptian_Hieroglyphs Egyp: 13000+455 B+F9A
    Elbasan Elba: 10500+27
    Elymaic Elym: 10FE0+16
    Ethiopic Ethi: 1200+48 2+3 3+6 2 2+3 3+28 2+3 3+20 2+3 3+6 2 2+3 3+E 2+38 2+3 3+42 3+1F 4+19 19E7+16 A+6 2+6 2+6 2+6
      2+6 2+6 2+6 2+6 7D23+5 3+5 3+5 A+6 2+6 13CB2+6 2+3 2+1 2+E
    Georgian Geor: 10A0+25 2 6 3+2A 2+3 B91+2A 3+2 1041+25 2 6
    Glagolitic Glag: 2C00+5F 1B3A1+6 2+10 3+6 2+1 2+4
    Gunjala_Gondi Gong: 11D60+5 2+1 2+24 2+1 2+5 8+9
    Masaram_Gondi Gonm: 11D00+6 2+1 2+2B 4 2+1 2+8 9+9
    Gothic Goth: 10330+1A
    Grantha Gran: 11300+3 2+7 3+1 3+15 2+6 2+1 2+4 3+8 3+1 3+2 3 7 6+6 3+6 4+4
    Greek Grek: 370+3 2+2 3+3 2 5 2 2+2 2 2+13 2+3E F+F 1927+4 33+4 5+4 55 141+15 3+5 3+25 3+5 3+7 2 2 2 2+1E 3+34 2+E
      2+D 3+5 2+12 3+2 2+8 128 8A3F 55DB+4E 12 D060+45
    Gujarati Gujr: A81+2 2+8 2+2 2+15 2+6 2+1 2+4 3+9 2+2 2+2 3 10+3 3+B 8+6
    Gurmukhi Guru: A01+2 2+5 5+1 3+15 2+6 2+1 2+1 2+1 3 2+4 5+1 3+2 4 8+3 2 8+10
    Hangul Hang: 1100+FF 1E2F+1 102+5D 72+1E 42+1E 76E2+1C 284+2BA3 D+16 5+30 27A5+1E 4+5 3+5 3+5 3+2
    Hani Han: 2E80+19 2+58 D+D5 30 2 1A+8 F+3 3C5+19BF 41+51FF 5901+16D 3+69 7509+1 D+1 900F+A6DF 21+1039 7+DD 3+1681
      F+1D30 10+26D 9A3+21D 5E3+134A 6+105F
    Hanunoo Hano: 1720+14
    Hatran Hatr: 108E0+12 2+1 6+4
    Hebrew Hebr: 591+36 9+1A 5+5 F529+19 2+4 2 2+1 2+1 2+9
    Hiragana Hira: 3041+55 7+2 17F62+11E 13 1E+2 40AE
    Anatolian_Hieroglyphs Hluw: 14400+246
    Pahawh_Hmong Hmng: 16B00+45 B+9 2+6 2+14 6+12
    Nyiakeng_Puachue_Hmong Hmnp: 1E100+2C 4+D 3+9 5+1
    Old_Hungarian Hung: 10C80+32 E+32 8+5
    Old_Italic Ital: 10300+23 A+2
    Javanese Java: A980+4D 3+9 5+1
    Kayah_Li Kali: A900+2D 2
    Katakana Kana: 30A1+59 3+2 F1+F D1+2E 2+57 CC0F+9 2+2C B053+3 2+6 2+1 2 120+2 33 F+3
    Kharoshthi Khar: 10A00+3 2+1 6+7 2+2 2+1C 3+2 5+9 8+8
    Khmer Khmr: 1780+5D 3+9 7+9 1E7+1F
    Khojki Khoj: 11200+11 2+2E
    Khitan_Small_Script Kits: 16FE4 1B1C+1D5 2A
    Kannada Knda: C80+C 2+2 2+16 2+9 2+4 3+8 2+2 2+3 8+1 7+1 2+3 3+9 2+2
    Kaithi Kthi: 11080+42 B
    Tai_Tham Lana: 1A20+3E 2+1C 3+A 7+9 7+D
    Laoo Lao: E81+1 2 2+4 2+17 2 2+16 3+4 2 2+6 2+9 3+3
    Latin Latn: 41+19 7+19 30 10 6+16 2+1E 2+1C0 28+4 1A1C+25 7+30 6+3 6+C 2+45 42+FF 172 E 11+C 8E+1 7 1C 12+28 AD8+1F
      7AA3+65 4+42 3+1 2 2+7 16+D 331+2A 2+8 2+3 4F97+6 41B+19 7+19 826+5 2+29 2+8 D746+1E 7+5
    Lepcha Lepc: 1C00+37 4+E 4+2
    Limbu Limb: 1900+1E 2+B 5+B 5 4+B
    Linear_A Lina: 10600+136 A+15 B+7
    Linear_B Linb: 10000+B 2+19 2+12 2+1 2+E 3+D 23+7A
    Lisu: A4D0+2F 7AB1
    Lycian Lyci: 10280+1C
    Lydian Lydi: 10920+19 6
    Mahajani Mahj: 11150+26
    Makasar Maka: 11EE0+18
    Mandaic Mand: 840+1B 3
    Manichaean Mani: 10AC0+26 5+B
    Marchen Marc: 11C70+1F 3+15 2+D
    Medefaidrin Medf: 16E40+5A
    Mende_Kikakui Mend: 1E800+C4 3+F
    Meroitic_Cursive Merc: 109A0+17 5+13 3+2D
    Meroitic_Hieroglyphs Mero: 10980+1F
    Malayalam Mlym: D00+C 2+2 2+32 2+2 2+5 5+F 3+19
    Modi: 11600+44 C+9
    Mongolian Mong: 1800+1 3 2+13 7+58 8+2A FDB6+C
    Mroo Mro: 16A40+1E 2+9 5+1
    Meetei_Mayek Mtei: AAE0+16 CA+2D 3+9
    Multani Mult: 11280+6 2 2+3 2+E 2+A
    Myanmar Mymr: 1000+9F 9941+1E 62+1F 6C51+13
    Nandinagari Nand: 119A0+7 3+2D 3+A
    Old_North_Arabian Narb: 10A80+1F
    Nabataean Nbat: 10880+1E 9+8
    Newa: 11400+5B 2+4
    Nkoo Nko: 7C0+3A 3+2
    Nushu Nshu: 16FE1 418F+18B
    Ogham Ogam: 1680+1C
    Ol_Chiki Olck: 1C50+2F
    Old_Turkic Orkh: 10C00+48
    Oriya Orya: B01+2 2+7 3+1 3+15 2+6 2+1 2+4 3+8 3+1 3+2 8+2 5+1 2+4 3+11
    Osage Osge: 104B0+23 5+23
    Osmanya Osma: 10480+1D 3+9
    Old_Uyghur Ougr: 10F70+19
    Palmyrene Palm: 10860+1F
    Pau_Cin_Hau Pauc: 11AC0+38
    Old_Permic Perm: 10350+2A
    Phags_Pa Phag: A840+37
    Inscriptional_Pahlavi Phli: 10B60+12 6+7
    Psalter_Pahlavi Phlp: 10B80+11 8+3 D+6
    Phoenician Phnx: 10900+1B 4
    Miao Plrd: 16F00+4A 5+38 8+10
    Inscriptional_Parthian Prti: 10B40+15 3+7
    Rejang Rjng: A930+23 C
    Hanifi_Rohingya Rohg: 10D00+27 9+9
    Runic Runr: 16A0+4A 4+A
    Samaritan Samr: 800+2D 3+E
    Old_South_Arabian Sarb: 10A60+1F
    Saurashtra Saur: A880+45 9+B
    SignWriting Sgnw: 1D800+28B 10+4 2+E
    Shavian Shaw: 10450+2F
    Sharada Shrd: 11180+5F
    Siddham Sidd: 11580+35 3+25
    Khudawadi Sind: 112B0+3A 6+9
    Sinhala Sinh: D81+2 2+11 4+17 2+8 2 3+6 4 5+5 2 2+7 7+9 3+2 103ED+13
    Sogdian Sogd: 10F30+29
    Old_Sogdian Sogo: 10F00+27
    Sora_Sompeng Sora: 110D0+18 8+9
    Soyombo Soyo: 11A50+52
    Sundanese Sund: 1B80+3F 101+7
    Syloti_Nagri Sylo: A800+2C
    Syriac Syrc: 700+D 2+3B 3+2 111+A
    Tagbanwa Tagb: 1760+C 2+2 2+1
    Takri Takr: 11680+39 7+9
    Tai_Le Tale: 1950+1D 3+4
    New_Tai_Lue Talu: 1980+2B 5+19 7+A 4+1
    Tamil Taml: B82+1 2+5 4+2 2+3 4+1 2 2+1 4+1 4+2 4+B 5+4 4+2 2+3 3 7 F+14 113C6+31 E
    Tangut Tang: 16FE0 20+17F7 9+2FF 201+8
    Tai_Viet Tavt: AA80+42 19+4
    Telugu Telu: C00+C 2+2 2+16 2+F 3+8 2+2 2+3 8+1 2+2 3 3+3 3+9 8+8
    Tifinagh Tfng: 2D30+37 8+1 F
    Tagalog Tglg: 1700+15 A
    Thaana Thaa: 780+31
    Thai: E01+39 6+1B
    Tibetan Tibt: F00+47 2+23 5+26 2+23 2+E 2+6 5+1
    Tirhuta Tirh: 11480+47 9+9
    Tangsa Tnsa: 16A70+4E 2+9
    Toto: 1E290+1E
    Ugaritic Ugar: 10380+1D 2
    Vaii Vai: A500+12B
    Vithkuqi Vith: 10570+A 2+E 2+6 2+1 2+A 2+E 2+6 2+1
    Warang_Citi Wara: 118A0+52 D
    Wancho Wcho: 1E2C0+39 6
    Old_Persian Xpeo: 103A0+23 5+D
    Cuneiform Xsux: 12000+399 67+6E 2+4 C+C3
    Yezidi Yezi: 10E80+29 2+2 3+1
    Yiii Yi: A000+48C 4+36
    Zanabazar_Square Zanb: 11A00+47
    Inherited Zinh: 300+6F 116+1 1C5+A 1B 2E1+3 115C+1E 202+2 2+C 2+6 5 7 4+1 C7+3F 20D+1 C3+20 F3A+3 6C+1 CD66+F 11+D
      3D0 E3 105B BBC5+2D 3+16 221+2 12+7 3+6 1F+3 C2F53+EF
    Common Zyyy: 0+40 1B+5 1B+2E 2+E 2+4 18 20 1C2+26 6+4 3+13 75 A 7 2 27E 7 F 4 21 9D 205 82+1 4DA 196+3 123 5F0+2
      48+1 CC+1 2 4CE E 8+3 2+5 2+2 3 306+B 3+56 2+A 4+A 2+E 12+20 40+25 2+2 3+5 2+1A 2+10 2A+2 5+299 17+A 16+39F
      101+273 3+1F 2+68 201+5D 193+14 2 2+18 10+7 5+3 5C+1 4 5B+1 94+F 21+25 A 31+3F 20+50 30 59+A7 19C1+3F 5901+21 67+2
      A6+9 F5 A1 18C F+1 51D3+1 D1+9 17+22 2+12 2+3 94 2+1F 1B+5 1B+A B 2E+1 41+6 2+6 B+4 103+2 5+2C 4+8 51+C 34+2C
      E5+1A B9A5+3 F5D+F9 7+1B3 9D+73 3D+F5 B+26 3+3D 4+10 9+1 8+1D 5+3C D6+13 D+13 D+56 A+18 88+54 2+46 2+1 3 3+1 3+3
      2+B 2 2+6 2+40 2+3 3+7 2+6 2+1B 2+3 2+4 2 4+6 2+153 3+123 3+31 1472+43 4D+3C 2C3+2B 5+63 D+E 3+E 2+E 2+24 B+AD
      39+19 2+1 E+2B 5+8 8+1 F+5 9B+3D7 5+10 4+C 4+76 5+5E 7+B 5 10+B 5+37 9+9 7+27 9+1D 3+B 5+1 3F+153 D+D 3+C 4+9 6+37
      8+E 3+A 7+8 8+92 2+65 C0408 1F+5F
    Kawi: 11F00+10 2+28 4+1C
    Nag_Mundari Nagm: 1E4D0+29
    Garay Gara: 10D40+25 4+1C 9+1
    Gurung_Khema Gukh: 16100+39
    Kirat_Rai Krai: 16D40+39
    Ol_Onal Onao: 1E5D0+2A 5
    Sunuwar Sunu: 11BC0+21 F+9
    Todhri Todr: 105C0+33
    Tulu_Tigalari Tutg: 11380+9 2 3 2+25 2+9 2 3 2+3 2+9 2+1 9+1
    """
}
