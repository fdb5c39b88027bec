-- Bob's router leads one UDP port to him for good, so that a caller can speak first, symmetric as it may be.
return {
  title  = "A static forward",
  params = { forwarded = 5000 },

  world = function (p)
    return {
      server = host { services = { "rendezvous" } },
      alice  = host {},
      home   = net { nat = "symmetric", forward = { { udp = p.forwarded, to = "bob" } }, bob = host {} },
    }
  end,

  run = function (w)
    local alice, bob = w.alice:udp(), w.bob:udp { port = 5000 }
    alice:send("hello", w.home.address .. ":5000")
    local heard, from = bob:recv { within = "1s" }
    expect(heard):is "hello"
    if heard then bob:send("hello yourself", from) end
    expect((alice:recv { within = "1s" })):is "hello yourself"
  end,

  twins = { { set = { forwarded = 5001 }, fails = "expected hello, got nil" } },
}
