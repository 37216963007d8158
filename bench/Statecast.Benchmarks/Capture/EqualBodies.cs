using System.Text;
using Statecast.Benchmarks.Orders;

namespace Statecast.Benchmarks.Capture;

/// <summary>The comparison is fair only if all carry the same bytes.</summary>
internal static class EqualBodies
{
    /// <exception cref="InvalidOperationException">A peer carries another body.</exception>
    public static void Check(OrderSaver ours, IReadOnlyList<OrderSaver> peers)
    {
        var body = BodyOf(ours);
        foreach (var peer in peers)
            if (!BodyOf(peer).AsSpan().SequenceEqual(body))
                throw new InvalidOperationException(
                    $"'{peer.Name}' carries {Encoding.UTF8.GetString(BodyOf(peer))}, '{ours.Name}' carries {Encoding.UTF8.GetString(body)}."
                );
    }

    private static byte[] BodyOf(OrderSaver saver)
    {
        using var db = saver.CreateContext();
        var order = OrderMaker.Make(0, 3);
        if (db.Find<Order>(order.Id) is null)
        {
            db.Add(order);
            saver.Save(db, order);
        }
        return saver.CapturedBody(order.Id) ?? throw new InvalidOperationException($"'{saver.Name}' captured nothing.");
    }
}
