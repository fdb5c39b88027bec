-- A home router lets the answer to a UDP packet in, but only for a limited time: here one second.
return {
  title  = "An answer is let in for a limited time",
  claims = { "SKB-13" },
  params = { after = "300ms" },

  world = function ()
    return {
      server = host {},
      home   = net { nat = { base = "port-restricted-cone", udp = { timeout = "1s" } }, alice = host {} },
    }
  end,

  run = function (w, p)
    local alice, server = w.alice:udp(), w.server:udp { port = 7000 }
    alice:send("question", w.server:at(7000))
    local _, from = server:recv()

    w:sleep(p.after)
    server:send("answer", from)
    expect((alice:recv { within = "500ms" })):is "answer"
    expect(w.home.wan):saw("udp and src host " .. w.server.address)
  end,

  twins = { { set = { after = "1300ms" }, fails = "expected answer, got nil" } },
}
