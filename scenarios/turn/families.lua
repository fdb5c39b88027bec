-- A client reaches its server by one family of addresses and is relayed by the other (REQUESTED-ADDRESS-FAMILY): so two
-- that have none in common can talk. A peer of another family than the relayed address is refused (443), and so is a
-- family that the server itself does not have (440).
return {
  title  = "TURN: from IPv4 to IPv6 and back",
  params = { family = { 4, 6 }, transport = { "udp", "tcp" }, legacy = false },

  world = function (p)
    return {
      server = host { services = { "turn" } },
      home   = net { nat = "symmetric-random", nat6 = not p.legacy and "ipv6-firewall" or nil, alice = host {} },
      bob    = host { services = { "echo" } },
    }
  end,

  run = function (w, p)
    local relay, why = w.alice:turn { server = w.server:at(3478), transport = p.transport, family = p.family }
    expect(why):is(nil)
    if not relay then return end

    local peer = p.family == 6 and w.bob:at6(7) or w.bob:at(7)
    expect(relay:bind(peer)):is(true)
    relay:send("across", peer)
    expect((relay:recv { within = "1s" })):is "across"
    local other = p.family == 6 and w.bob.address or w.bob.address6
    expect((select(2, relay:permit(other)))):is "443 Peer Address Family Mismatch"
    expect(w.bob):saw(p.family == 6 and "ip6 and udp port 7" or "ip and udp port 7")
  end,

  twins = { { set = { family = 6, transport = "udp", legacy = true }, fails = "got 440 Address Family" } },
}
