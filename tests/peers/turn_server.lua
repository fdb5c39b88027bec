-- coturn's turnutils_uclient and turnutils_peer, with our TURN server between them.
--
-- What uclient 4.6.1 does differently from the RFCs: its channels' numbers may be any that RFC 5766 had, which RFC
-- 8656 has cut, so that a server of today refuses them with 400 (a twin says so); it knows no SHA-256; and at first it
-- tries TLS 1.0 and 1.1 as often as not. Its -P asks for 127.0.0.1, which no server should relay to.
local modes = {
  ["udp, channels"] = { old = true },
  ["udp, send"]     = { "-s" },
  ["tcp, channels"] = { "-t", old = true },
  ["tcp, send"]     = { "-t", "-s" },
  ["tls, channels"] = { "-t", "-S", old = true },
  ["tls, send"]     = { "-t", "-S", "-s" },
  ["tcp to tcp"]    = { "-T" },                              -- two clients: one connects, one accepts
  ["tls to tcp"]    = { "-T", "-S" },
}
local names = {}
for name in pairs(modes) do
  names[#names + 1] = name
end
table.sort(names)

return {
  title  = "Our TURN server serves coturn's turnutils_uclient",
  params = { mode = names, password = "secret", cut = false },
  needs  = "live",
  twins  = {
    { set = { mode = "udp, channels", cut = true }, fails = "channel bind: error 400" },
    { set = { mode = "tcp, send", password = "guess" }, fails = "expected all, got nil" },
  },

  world = function (p)
    return {
      server = host {
        services = { "turn" },
        turn = { realm = "lab", users = { alice = "secret" }, rfc5389 = modes[p.mode].old and not p.cut },
      },
      home = net { nat = "port-restricted-cone", alice = host {} },
      bob  = host {},
    }
  end,

  run = function (w, p)
    w.bob:start { "turnutils_peer", "-L", w.bob.address, "-p", "3480" }
    local ask = { "turnutils_uclient", "-u", "alice", "-w", p.password, "-e", w.bob.address, "-n", "10" }
    table.move(modes[p.mode], 1, #modes[p.mode], #ask + 1, ask)
    ask[#ask + 1] = w.server.address
    ask.within = "40s"

    local output = w.alice:exec(ask).output
    local sent, heard = output:match "tot_send_msgs=(%d+), tot_recv_msgs=(%d+)\n[^\n]*\n[^\n]*Total transmit"
    expect(sent and "all" or output:match "[^\n]*error %d+[^\n]*"):is "all"
    expect(heard):is(sent)
    expect(tonumber(heard) or 0):is_at_least(10)
    expect(output:match "Total lost packets (%d+)"):is "0"
  end,
}
