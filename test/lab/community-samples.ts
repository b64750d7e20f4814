/** What entries of lists FRR 8.4 takes and prints as they are, and what not: for the schema's test and for a real FRR's. */

export interface Sample {
  /** The line without its last words. */
  readonly list: "standard" | "large" | "extended" | "community-regex" | "as-path";
  readonly taken: readonly string[];
  /** FRR rejects them, or prints something else. */
  readonly refused: readonly string[];
}

/** How the list's line begins in FRR. */
export const beginnings: Readonly<Record<Sample["list"], string>> = {
  standard: "bgp community-list standard x seq 5 permit",
  large: "bgp large-community-list standard x seq 5 permit",
  extended: "bgp extcommunity-list standard x seq 5 permit",
  "community-regex": "bgp community-list expanded x seq 5 permit",
  "as-path": "bgp as-path access-list x seq 5 permit",
};

export const samples: readonly Sample[] = [
  {
    list: "standard",
    taken: [
      "64496:1",
      "64496:1 no-export",
      "65535:65535",
      "64496:1 64496:2 llgr-stale no-peer",
      "64496:0",
      "accept-own-nexthop",
    ],
    refused: [
      "64496:1 permit any",
      "70000:1",
      "64496:70000",
      "1",
      "local-as",
      "additive",
      "none",
      "64496:01",
      "0:0",
      "65535:65281",
      "64496:1 64496:1",
      "64496:1:2",
      "64496:",
    ],
  },
  {
    list: "large",
    taken: ["64496:1:2", "4294967295:0:1", "64496:1:2 64496:1:3"],
    refused: ["4294967296:1:1", "64496:1", "a:b:c", "01:2:3", "1:2:3 1:2:3", "64496:1:2 permit any", "no-export"],
  },
  {
    list: "extended",
    taken: [
      "rt 64496:1",
      "soo 64496:1",
      "rt 64496:70000",
      "rt 65536:1",
      "rt 192.0.2.1:1",
      "rt 2:2 soo 1:1 rt 192.0.2.1:1 rt 65536:1",
    ],
    refused: [
      "64496:1",
      "rt",
      "foo 1:1",
      "rt 64496:1 permit",
      "rt 64496:1 64496:2",
      "rt 65536:70000",
      "RT 64496:1",
      "rt 192.0.2.1:70000",
      "rt 64496:4294967296",
      "rt 064496:1",
      "rt 010.0.0.1:1",
      "rt 64496:1 rt 64496:1",
    ],
  },
  {
    list: "community-regex",
    taken: [
      "^64496_",
      "64496:.*",
      "_6(4|5)_",
      "a)",
      "a]",
      "a}",
      "a**",
      "()",
      "(|a)",
      "a||b",
      "a{1,2}",
      "a{,2}",
      "a{1,}",
      "[[:digit:]]",
      "[]a]",
      "[^]a]",
      "[a\\]",
      "[\\]",
      "\\(",
      "\\(*",
      "a\\\\",
      "()*",
      "a*",
      "64496:1 64496:2",
    ],
    refused: [
      "((((",
      "^6[",
      "a{",
      "[",
      "*",
      "\\",
      "+",
      "(*",
      "a|*",
      "(^*)",
      "^+",
      "^{1}",
      "a{1",
      "(]",
      ")(",
      "\\((",
      "a\\",
    ],
  },
  {
    list: "as-path",
    taken: [
      "^64496_",
      "^$",
      "_6(4|5)_",
      "^64496(_64496)*$",
      "_64496_[0-9]+$",
      "\\(",
      "1)",
      "1{1,2}",
      "4 5",
      "^(1|2),3",
    ],
    refused: ["((((", "^6[", "a", "1{", "[", "*", "\\", "+", "[[:digit:]]", "1:2", "(*", "1)("],
  },
];
