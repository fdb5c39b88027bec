-- An allocation that is not refreshed ends, and its port with it; one that is lives on (RFC 8656, 8).
return {
  title  = "TURN: an allocation lives as long as it is refreshed",
  params = { keep = true, transport = { "udp", "tcp", "tls" } },

  world = function ()
    return {
      server = host { services = { "turn" }, turn = { lifetime = "2s", nonce = "1s" } },
      home   = net { nat = "port-restricted-cone", alice = host {} },
      bob    = host {},
    }
  end,

  run = function (w, p)
    local relay = w.alice:turn { server = w.server, transport = p.transport, keep = p.keep }
    local bob = w.bob:udp()

    expect(relay:lifetime()):is(2)
    relay:permit(w.bob.address)
    w:sleep "5s"                                             -- nonces have grown stale meanwhile (438)
    bob:send("still there?", relay:address())
    expect(relay:recv { within = "1s" }):is "still there?"
  end,

  twins = {
    { set = { keep = false, transport = "udp" }, fails = "expected still there?, got nil" },
    { set = { keep = false, transport = "tls" }, fails = "expected still there?, got nil" },
  },
}
