-- Alice's network has IPv6 alone, as many a mobile one has: she reaches an IPv4 server by its address all the same,
-- because she makes an IPv6 address of it that the network's NAT64 knows (RFC 6052). UDP, TCP and ICMP.
return {
  title  = "IPv6 alone, and an IPv4 server",
  params = { nat6 = "nat64" },

  world = function (p)
    return {
      server = host { services = { "echo" } },
      mobile = net { nat6 = p.nat6, alice = host {} },
    }
  end,

  run = function (w)
    local alice = w.alice:udp()
    alice:send("hello", w.server:at(7))
    local heard, from = alice:recv { within = "1s" }
    expect(heard):is "hello"
    expect(from):is(w.server:at(7))
    expect(w.alice:ping { to = w.server.address }.received):is(1)
    local out = w.alice:tcp { to = w.server:at(7), within = "2s" }
    if out then out:send "stream" end
    expect(out and out:recv()):is "stream"
    alice:send(("long "):rep(600), w.server:at(7))
    expect(#(alice:recv { within = "1s" } or "")):is(3000)

    expect(w.alice):saw("ip6 dst net 64:ff9b::/96")
    expect(w.alice):saw_nothing "ip"
    expect(w.server):saw("ip src host " .. (w.mobile.address or "192.0.2.1"))
    expect(w.server):saw_nothing "ip6"
  end,

  twins = { { set = { nat6 = "ipv6-firewall" }, fails = "expected hello, got nil" } },
}
