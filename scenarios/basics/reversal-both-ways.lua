-- The same two hosts, one behind a NAT: called from inside it is direct, called from outside it is reversed.
return {
  title  = "Reversal is for calls into a NAT; calls out of it are direct",
  params = { nat = "port-restricted-cone" },

  world = function (p)
    return {
      server = host { services = { "rendezvous" } },
      alice  = host {},
      home   = net { nat = p.nat, bob = host {} },
    }
  end,

  run = function (w)
    local try = { "direct", "reversal" }
    local outward = connect(w.bob, w.alice, { via = w.server, try = try, attempt = "500ms" })
    local inward = connect(w.alice, w.bob, { via = w.server, try = try, attempt = "500ms" })

    expect(outward.method):is "direct"
    expect(inward.method):is "reversal"
  end,

  twins = { { set = { nat = "full-cone" }, fails = "expected reversal, got direct" } },
}
