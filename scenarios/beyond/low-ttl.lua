-- Two Linux routers whose INPUT is open take the port that a stray comes to for themselves. Bob is far away, so that
-- Alice's first packet would come before his own has opened his router for her. With a TTL of 2 it leaves her router,
-- dies on the Internet, and tells nobody; with one more it is the stray that spoils the call.
return {
  title  = "Low-TTL punching: what opens one's own NAT dies before the other's",
  params = { ttl = 2, realise = { "engine", "kernel" } },

  world = function (p)
    return {
      server = host { services = { "rendezvous" } },
      home_a = net { nat = "linux-masquerade", realise = p.realise, alice = host { link = { delay = "5ms" } } },
      home_b = net { nat = "linux-masquerade", realise = p.realise, bob = host { link = { delay = "60ms" } } },
    }
  end,

  run = function (w, p)
    local call = connect(w.alice, w.bob, { via = w.server, try = { "low-ttl" }, ttl = p.ttl, attempt = "1s" })
    call:talk { frames = 10, every = "20ms" }

    expect(call.method):is "low-ttl"
    expect(w.alice):saw "icmp[0] = 11" -- time exceeded
    expect(w.home_b.wan):saw_nothing("udp and ip[8] < 10 and src host " .. w.home_a.address)
  end,

  twins = { { set = { ttl = 3, realise = "engine" }, fails = "expected low-ttl, got none" } },
}
