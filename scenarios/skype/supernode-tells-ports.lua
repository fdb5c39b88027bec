-- Both NATs give ports that have nothing to do with the inside ones. So each caller can only know the other's port
-- from the supernode, which saw it.
return {
  title  = "The supernode tells each the port that the other's packets come from",
  claims = { "SKA-04" },
  params = { mapping = "endpoint-independent" },

  world = function (p)
    local function nat()
      return { base = "port-restricted-cone", udp = { mapping = p.mapping, ports = "random" } }
    end
    return {
      supernode = host { services = { "rendezvous" } },
      home_a    = net { nat = nat(), alice = host {} },
      home_b    = net { nat = nat(), bob = host {} },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { via = w.supernode, try = { "punch" }, attempt = "600ms" })
    local port_of_a = call.caller_mapped:match ":(%d+)$"
    local port_of_b = call.callee_mapped:match ":(%d+)$"

    expect(call.method):is "punch"
    expect(w.supernode):saw("udp and src host " .. w.home_b.address .. " and src port " .. port_of_b)
    expect(w.home_b.wan):saw("udp and src host " .. w.home_a.address .. " and dst port " .. port_of_b)
    expect(w.home_a.wan):saw("udp and src host " .. w.home_b.address .. " and dst port " .. port_of_a)
  end,

  twins = { { set = { mapping = "address-and-port-dependent" }, fails = "expected punch, got none" } },
}
