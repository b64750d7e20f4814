import { describe, expect, it } from "vitest";
import {
  type Definitions,
  indexed,
  known,
  misfit,
  readDefinitions,
} from "../../../../../reconcilers/vpp/api/definitions.ts";
import { openVpp } from "../../../../../reconcilers/vpp/api/open.ts";
import type { MessageText } from "../../../../../reconcilers/vpp/api/table.ts";
import { apiFiles, definitionsOf, releases } from "../../../../lab/vpp-releases.ts";
import { vppWire } from "../../../../lab/vpp-wire.ts";

const signal = new AbortController().signal;

/** Our table, with one message as another release might have it. */
function changed(name: string, change: (message: MessageText) => MessageText): Definitions {
  const message = known().message.get(name);
  if (!message) throw new Error(name);
  return { ...known(), message: new Map([...known().message, [name, { ...change(message), crc: "0badcafe" }]]) };
}

function document(messages: readonly (readonly unknown[])[]): string {
  return JSON.stringify([
    { module: "x", types: [], unions: [], enums: [], enumflags: [], aliases: {}, messages, services: {} },
  ]);
}

const retvalReply = ["hw_interface_set_mtu_reply", ["u16", "_vl_msg_id"], ["u32", "context"], ["i32", "retval"]];

describe("VPP's own definitions", () => {
  it("are not asked for when it has all messages by our CRCs", async () => {
    const wire = vppWire({ answer: ({ message }) => (message === "get_api_json" ? "close" : undefined) && ["close"] });
    await openVpp(wire.host, { socket: "s" }, signal);

    expect(wire.asked.map((one) => one.message)).toEqual(["sockclnt_create", "show_version"]);
  });

  it("say how to talk to it where it has a message by another CRC", async () => {
    // A field came between, and one is wider.
    const theirs = changed("hw_interface_set_mtu", (message) => ({
      ...message,
      fields: message.fields.flatMap((field) =>
        field.name === "mtu"
          ? [
              { type: "u8", name: "extra", length: undefined, byDefault: "7" },
              { ...field, type: "u32" },
            ]
          : [field],
      ),
    }));
    const json = document([
      [
        "hw_interface_set_mtu",
        ["u16", "_vl_msg_id"],
        ["u32", "client_index"],
        ["u32", "context"],
        ["vl_api_interface_index_t", "sw_if_index"],
        ["u8", "extra", { default: 7 }],
        ["u32", "mtu"],
        { crc: "0x0badcafe", options: {} },
      ],
      [...retvalReply, { crc: "0xe8d4e804", options: {} }],
    ]).replace('"aliases":{}', '"aliases":{"interface_index":{"type":"u32"}}');
    const wire = vppWire({
      definitions: theirs,
      answer: ({ message }) =>
        message === "get_api_json"
          ? [["get_api_json_reply", { json }]]
          : message === "hw_interface_set_mtu"
            ? [["hw_interface_set_mtu_reply", {}]]
            : undefined,
    });
    const vpp = await openVpp(wire.host, { socket: "s" }, signal);
    await vpp.call("hw_interface_set_mtu", { sw_if_index: 3, mtu: 9000 });

    expect(wire.asked.at(-1)?.fields).toEqual({ sw_if_index: 3, extra: 7, mtu: 9000 });
  });

  it("are read from the installed files where it cannot tell them itself", async () => {
    const theirs = changed("hw_interface_set_mtu", (message) => message);
    const fields = ["client_index", "context", "sw_if_index"].map((name) => ["u32", name]);
    const file = document([
      ["hw_interface_set_mtu", ["u16", "_vl_msg_id"], ...fields, ["u16", "mtu"], { crc: "0x0badcafe", options: {} }],
    ]);
    const wire = vppWire({
      definitions: theirs,
      without: (name) => name.startsWith("get_api_json"),
      files: { "/api/core/interface.api.json": file, "/api/core/readme.txt": "no" },
    });
    const vpp = await openVpp(wire.host, { socket: "s", apiFolder: "/api" }, signal);

    expect(vpp.has("hw_interface_set_mtu")).toBe(true);
    const bare = await openVpp(wire.host, { socket: "s" }, signal);
    expect(bare.has("hw_interface_set_mtu")).toBe(false);
    await expect(bare.call("hw_interface_set_mtu", {})).rejects.toThrow(
      "VPP 26.06-release has hw_interface_set_mtu in a form that is not known here: it has another CRC, and nothing describes it.",
    );
  });

  it("leave a message unknown that lost a field, or has another in its place", () => {
    const lost = changed("acl_add_replace", (message) => ({
      ...message,
      fields: message.fields.filter(({ name }) => name !== "tag"),
    }));
    const other = changed("acl_add_replace", (message) => ({
      ...message,
      fields: message.fields.map((field) => (field.name === "acl_index" ? { ...field, type: "u64" } : field)),
    }));

    expect(misfit("acl_add_replace", known(), lost)).toBe("has no field tag");
    expect(misfit("acl_add_replace", known(), other)).toBe("has another field acl_index");
    expect(
      misfit(
        "acl_add_replace",
        known(),
        changed("acl_add_replace", (message) => message),
      ),
    ).toBeUndefined();
  });

  it("that are no definitions are refused", () => {
    expect(() => readDefinitions("{", "a file")).toThrow("a file is no JSON");
    expect(() => readDefinitions("[3]", "a file")).toThrow("a file does not describe messages");
    expect(() => readDefinitions('{"messages":[["x"]]}', "a file")).toThrow("a file does not describe messages");
    expect(() => readDefinitions('{"messages":[["x",["u16","_vl_msg_id"],[3],{"crc":"0x1"}]]}', "a file")).toThrow(
      /describe/,
    );
  });

  it("name message, plugin and version of what is not there", async () => {
    const wire = vppWire({ without: (name) => name.startsWith("det44") });
    const vpp = await openVpp(wire.host, { socket: "s" }, signal);

    expect(vpp.has("det44_map_dump")).toBe(false);
    await expect(vpp.dump("det44_map_dump")).rejects.toMatchObject({
      code: "VPP_MESSAGE",
      message: "VPP 26.06-release does not know det44_map_dump (plugin det44).",
      remedy: 'See that det44_plugin.so is loaded ("show plugins"), or use another version of VPP or of impctl.',
    });
  });
});

describe.skipIf(releases.length === 0)("eight releases of VPP (skipped where their definitions are not)", () => {
  it.each(releases)("%s: our messages are there by our CRCs, or fit", (release) => {
    const theirs = indexed(readDefinitions(definitionsOf(release), release));
    const odd = [...known().message.keys()]
      .filter((name) => theirs.message.has(name))
      .map((name) => [name, misfit(name, known(), theirs)])
      .filter(([, why]) => why !== undefined);
    expect(odd).toEqual([]);
  });

  it.each(releases)("%s is talked to by its own description", async (release) => {
    const text = definitionsOf(release);
    const theirs = indexed(readDefinitions(text, release));
    // As if every message had another CRC than we know: nothing is left but what VPP says.
    const strange = {
      ...known(),
      message: new Map(
        [...known().message].map(([name, message]) => [
          name,
          name.startsWith("sw_interface_d") ? { ...message, crc: "0badcafe" } : message,
        ]),
      ),
    };
    const hasApi = theirs.message.has("get_api_json");
    const wire = vppWire({
      definitions: theirs,
      files: hasApi
        ? {}
        : Object.fromEntries(apiFiles(release).map(([path, file]) => [`/usr/share/vpp/api/${path}`, file])),
      answer: ({ message }) =>
        message === "get_api_json"
          ? [["get_api_json_reply", { json: text }]]
          : message === "sw_interface_dump"
            ? [["sw_interface_details", { sw_if_index: 4, interface_name: "eth0", mtu: [9000, 0, 0, 0] }]]
            : undefined,
    });
    const vpp = await openVpp(wire.host, { socket: "s", known: strange }, signal);

    expect(await vpp.dump("sw_interface_dump")).toMatchObject([
      { sw_if_index: 4, interface_name: "eth0", mtu: [9000, 0, 0, 0] },
    ]);
    // 24.06 and later: nothing has to be installed.
    expect(hasApi).toBe(release !== "23.10");
  });
});
