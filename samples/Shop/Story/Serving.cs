using Shop.Running;

namespace Shop.Story;

/// <summary>Tells what can be asked of the services that stay up.</summary>
internal static class Serving
{
    public static void Tell(Stage stage)
    {
        stage.Display.Act("The shop is open; Ctrl+C closes it and compares");
        var order = stage.Load.UnpaidOrder ?? stage.Load.OrderIds.First();
        foreach (var (role, url) in stage.Fleet.Running)
        {
            stage.Display.Say($"{RoleHost.NameOf(role), -14} {url}orders/{order}");
            if (role != Role.Orders)
                stage.Display.Say($"{"", -14} {url}statecast");
            if (role == Role.Shipping)
                stage.Display.Say($"{"", -14} {url}countries/AT/orders");
        }
        stage.Display.Say("");
        stage.Display.Say("Pay for it, and read it at shipping by the token that is answered:");
        var orders = stage.Fleet.Running.First(r => r.Role == Role.Orders).Url;
        var shipping = stage.Fleet.Running.First(r => r.Role == Role.Shipping).Url;
        stage.Display.Say($"curl -X POST {orders}orders/{order}/payment");
        stage.Display.Say($"curl '{shipping}orders/{order}?after=TOKEN'");
    }
}
