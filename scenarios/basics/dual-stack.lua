-- Two homes with both families: IPv4 is translated, IPv6 is not.  One socket hears either.
return {
  title  = "Both families on one socket",
  params = { nat6 = "ipv6-router" },

  world = function (p)
    return {
      bob  = host {},
      isp  = net { nat = "carrier-grade", nat6 = "ipv6-router",
                   home = net { nat = "full-cone", nat6 = p.nat6, alice = host {} } },
    }
  end,

  run = function (w)
    local alice, bob = w.alice:udp { port = 5000 }, w.bob:udp { port = 7000 }
    alice:send("four", w.bob:at(7000))
    local heard, from = bob:recv { within = "1s" }
    expect(heard):is "four"
    expect(from):is_not(w.alice:at(5000))

    -- Nothing is in the way of IPv6, so bob may speak first.
    bob:send("six", w.alice:at6(5000))
    heard, from = alice:recv { within = "1s" }
    expect(heard):is "six"
    expect(from):is(w.bob:at6(7000))

    local late = w.bob:listen { port = 80 }
    local call = w.alice:tcp { to = w.bob:at6(80), within = "2s" }
    expect(call and call:remote()):is(w.bob:at6(80))
    local visitor = late:accept { within = "1s" }
    expect(visitor and visitor:remote()):is(call and call:address())
  end,

  twins = { { set = { nat6 = "ipv6-firewall" }, fails = "expected six, got nil" } },
}
