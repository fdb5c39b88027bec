-- Alice has IPv6 without translation: everybody sees her own address, but only those that she has spoken to come in.
return {
  title  = "An IPv6 firewall: outward yes, strangers no",
  params = { firewall = { "ipv6-firewall", "ipv6-firewall-strict" } },

  world = function (p)
    return {
      server   = host { services = { "echo" } },
      stranger = host {},
      home     = net { nat = "port-restricted-cone", nat6 = p.firewall, alice = host {} },
    }
  end,

  run = function (w)
    local alice = w.alice:udp { port = 5000 }
    alice:send("hello", w.server:at6(7))
    expect((alice:recv { within = "1s" })):is "hello"
    expect(w.alice:ping { to = w.server.address6 }.received):is(1)
    local out = w.alice:tcp { to = w.server:at6(7) }
    if out then out:send "stream" end
    expect(out and out:recv()):is "stream"

    w.stranger:udp():send("psst", w.alice:at6(5000))
    expect((alice:recv { within = "500ms" })):is(nil)
    expect(w.server):saw("ip6 src host " .. w.alice.address6)
    expect(w.home.wan):saw_at_least(1, "ip6 src host " .. w.stranger.address6)
    expect(w.alice):saw_nothing("ip6 src host " .. w.stranger.address6)
  end,

  twins = { { set = { firewall = "ipv6-firewall-open" }, fails = "expected nil, got psst" } },
}
