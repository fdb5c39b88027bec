-- Two companies that let out the web's ports only. The supernode listens there as well, and relays between the two.
return {
  title  = "Corporate firewalls: relayed over TCP 443 or 80",
  claims = { "SKB-14", "SKB-15" },
  params = {
    nat    = { "corporate-80-443", "corporate-443" },
    listen = { "443", "443 and 80" },
  },

  world = function (p)
    return {
      supernode = host {
        services = { "rendezvous" },
        rendezvous_ports = p.listen == "443" and { 443 } or { 80, 443 },
      },
      office_a = net { nat = p.nat, alice = host {} },
      office_b = net { nat = p.nat, bob = host {} },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { via = w.supernode, attempt = "400ms" })
    call:talk { frames = 25, every = "20ms" }
    expect(call.method):is "relay"
    expect(call.arrived):is_at_least(25)
    expect(w.office_a.wan):saw "tcp dst port 443 or tcp dst port 80"
    expect(w.office_a.wan):saw_nothing "udp or tcp dst port 33033"
  end,

  twins = { { set = { nat = "linksys-befsr41" }, fails = "expected relay, got punch" } },
}
