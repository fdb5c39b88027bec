-- A TURN client behind a symmetric NAT reaches a peer by its relayed address, over UDP, TCP and TLS: the peer sees
-- the server, and never the client.
local filters = { udp = "udp port 3478", tcp = "tcp port 3478", tls = "tcp port 5349" }

return {
  title  = "A relay through TURN, over each transport",
  params = { transport = { "udp", "tcp", "tls" }, channel = { true, false } },

  world = function ()
    return {
      server = host { services = { "turn" }, turn = { realm = "lab", users = { alice = "secret" } } },
      home   = net { nat = "symmetric-random", alice = host {} },
      bob    = host { services = { "echo" } },
    }
  end,

  run = function (w, p)
    local relay = w.alice:turn { server = w.server, transport = p.transport, username = "alice", password = "secret" }
    local peer = w.bob:at(7)

    if p.channel then relay:bind(peer) else relay:permit(w.bob.address) end
    relay:send("across the river", peer)
    expect(relay:recv()):is "across the river"

    expect(w.bob):saw("udp and src host " .. w.server.address .. " and udp[8:4] = 0x6163726f")
    expect(w.bob):saw_nothing("src host " .. w.home.address)
    expect(w.home.wan):saw_nothing("host " .. w.bob.address)
    expect(w.home.wan):saw_at_least(2, filters[p.transport])
  end,
}
