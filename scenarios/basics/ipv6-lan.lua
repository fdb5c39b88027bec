-- An IPv6 group is heard by those at home who have joined it, and by nobody beyond the router. No neighbour is asked
-- for: the lab's hosts know where everybody is.
return {
  title  = "An IPv6 group stays in the LAN",
  params = { join = true },

  world = function ()
    return {
      outside = host {},
      home    = net { nat6 = "ipv6-firewall", alice = host {}, bob = host {}, carol = host {} },
    }
  end,

  run = function (w, p)
    local bob = w.bob:udp { port = 5000, group = p.join and "ff02::4242" or nil }
    local carol = w.carol:udp { port = 5000 }
    local alice = w.alice:udp { port = 4000 }

    alice:send("hello, group", "[ff02::4242]:5000")
    local heard, from = bob:recv { within = "1s" }
    expect(heard):is "hello, group"
    expect(from):is(w.alice:at6(4000))
    expect((carol:recv { within = "100ms" })):is(nil)
    alice:send("hello, bob", w.bob:at6(5000))
    expect((bob:recv { within = "1s" })):is "hello, bob"

    expect(w.home.lan):saw("ip6 dst host ff02::4242")
    expect(w.home.wan):saw_nothing("ip6")
    expect(w.home.lan):saw_nothing("icmp6")
  end,

  twins = { { set = { join = false }, fails = "expected hello, group, got nil" } },
}
