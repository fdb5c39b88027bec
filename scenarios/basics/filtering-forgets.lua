-- The mapping lives for minutes, but the filter forgets after a second whom Alice has spoken to: an answer that takes
-- its time does not get in, though the port is still hers.
return {
  title  = "A filter that forgets before the mapping ends",
  params = { forgets = "1s" },

  world = function (p)
    local nat = { base = "port-restricted-cone", udp = { permission_time = p.forgets } }
    return { server = host {}, home = net { nat = nat, alice = host {} } }
  end,

  run = function (w)
    local alice, server = w.alice:udp { port = 5000 }, w.server:udp { port = 7000 }
    alice:send("a hard question", w.server:at(7000))
    local _, before = server:recv()
    server:send("let me think", before)
    expect((alice:recv())):is "let me think"

    w:sleep "1500ms"
    server:send("the answer", before)
    expect((alice:recv { within = "300ms" })):is(nil)
    alice:send("well?", w.server:at(7000))
    local _, after = server:recv()
    expect(after):is(before)
    server:send("the answer", after)
    expect((alice:recv())):is "the answer"
  end,

  twins = { { set = { forgets = "1m" }, fails = "expected nil, got the answer" } },
}
