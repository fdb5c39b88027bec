-- What punching is made of, packet by packet: A's is dropped at B's NAT, but opens A's own; so B's passes; and from
-- then on both do.
return {
  title  = "The first packet is dropped, and opens the way for the second",
  claims = { "SKB-10" },
  params = { b = "port-restricted-cone" },

  world = function (p)
    return {
      supernode = host {},
      home_a    = net { nat = "port-restricted-cone", alice = host {} },
      home_b    = net { nat = p.b, bob = host {} },
    }
  end,

  run = function (w)
    local supernode, a, b = w.supernode:udp { port = 7000 }, w.alice:udp(), w.bob:udp()
    a:send("I am A", w.supernode:at(7000))
    local _, where_a_is = supernode:recv()
    b:send("I am B", w.supernode:at(7000))
    local _, where_b_is = supernode:recv()

    a:send("first", where_b_is)
    expect((b:recv { within = "300ms" })):is(nil)
    b:send("second", where_a_is)
    expect((a:recv { within = "2s" })):is "second"
    a:send("third", where_b_is)
    expect((b:recv { within = "2s" })):is "third"
  end,

  twins = { { set = { b = "full-cone" }, fails = "expected nil, got first" } },
}
