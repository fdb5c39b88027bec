-- One allocation with an address of each family (RFC 8656, ADDITIONAL-ADDRESS-FAMILY): peers of either are reached,
-- each from the address of its own. A server that has IPv4 alone gives that, and says why there is no other.
return {
  title  = "TURN: both families by one allocation",
  params = { transport = { "udp", "tcp", "tls" }, legacy = false },

  world = function (p)
    return {
      server = host { services = { "turn" } },
      home   = net { nat = "symmetric-random", nat6 = not p.legacy and "ipv6-firewall" or nil, alice = host {} },
      bob    = host { services = { "echo" } },
    }
  end,

  run = function (w, p)
    local port = p.transport == "tls" and 5349 or 3478
    local relay = w.alice:turn { server = w.server:at(port), transport = p.transport, both = true }
    expect(relay and relay:address():match "^[%d.]+"):is(w.server.address)
    expect(relay and relay:address6() and "both" or "one"):is "both"
    if not relay or not relay:address6() then return end

    expect(relay:permit(w.bob.address)):is(true)
    expect(relay:bind(w.bob:at6(7))):is(true)
    relay:send("four", w.bob:at(7))
    local text, from = relay:recv { within = "1s" }
    expect(text):is "four"
    expect(from):is(w.bob:at(7))
    relay:send("six", w.bob:at6(7))
    text, from = relay:recv { within = "1s" }
    expect(text):is "six"
    expect(from):is(w.bob:at6(7))
    expect(w.bob):saw("ip and udp and src host " .. w.server.address .. " and dst port 7")
    expect(w.bob):saw("ip6 and udp and src host " .. w.server.address6 .. " and dst port 7")
    expect(relay:refresh "0s"):is(true)
  end,

  twins = { { set = { transport = "udp", legacy = true }, fails = "expected both, got one" } },
}
