-- A company keeps its own prefix inside and shows its provider's outside: each host is reached at an address that
-- follows from its own, which a router that only routes does not give it.
return {
  title  = "IPv6 prefixes translated",
  params = { nat6 = "nptv6" },

  world = function (p)
    return {
      server  = host {},
      company = net { nat6 = p.nat6, alice = host {} },
    }
  end,

  run = function (w)
    local alice, server = w.alice:udp { port = 5000 }, w.server:udp { port = 7000 }
    alice:send("hello", w.server:at6(7000))
    local heard, from = server:recv { within = "1s" }
    expect(heard):is "hello"
    expect(from):is_not("[" .. w.alice.address6 .. "]:5000")
    if from then server:send("hello yourself", from) end
    expect((alice:recv { within = "1s" })):is "hello yourself"

    -- It keeps no state: a stranger reaches her as well, on any port.
    local other = w.alice:udp { port = 6000 }
    if from then w.server:udp():send("unasked", (from:gsub(":5000$", ":6000"))) end
    expect((other:recv { within = "1s" })):is "unasked"
    expect(w.server):saw_nothing("ip6 net fd00::/8")
  end,

  twins = { { set = { nat6 = "ipv6-router" }, fails = "expected anything but" } },
}
