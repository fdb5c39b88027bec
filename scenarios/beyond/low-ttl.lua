-- Two Linux routers whose INPUT is open take the port that a stray comes to for themselves. Bob is far away, so that
-- Alice's first packet would come before his own has opened his router for her. With a TTL of one more than there are
-- nets round her it leaves those, dies on the Internet, and tells nobody; with one more it is the stray that spoils
-- the call.
return {
  title  = "Low-TTL punching: what opens one's own NAT dies before the other's",
  params = { more = 0, isp = { false, true }, realise = { "engine", "kernel" } },

  world = function (p)
    local home = net { nat = "linux-masquerade", realise = p.realise, alice = host { link = { delay = "5ms" } } }

    return {
      server = host { services = { "rendezvous" } },
      isp    = p.isp and net { nat = "linux-masquerade-input-drop", realise = p.realise, home_a = home } or nil,
      home_a = not p.isp and home or nil,
      home_b = net { nat = "linux-masquerade", realise = p.realise, bob = host { link = { delay = "60ms" } } },
    }
  end,

  run = function (w, p)
    -- Each side's nets, and one: what goes unsaid.
    local ttl = p.more > 0 and 2 + p.more or nil
    local call = connect(w.alice, w.bob, { via = w.server, try = { "low-ttl" }, ttl = ttl, attempt = "1s" })
    call:talk { frames = 10, every = "20ms" }

    expect(call.method):is "low-ttl"
    expect(w.alice):saw "icmp[0] = 11" -- time exceeded
    expect(w.home_b.wan):saw_nothing("udp and ip[8] < 10 and src host " .. (p.isp and w.isp or w.home_a).address)
  end,

  twins = { { set = { more = 1, isp = false, realise = "engine" }, fails = "expected low-ttl, got none" } },
}
