using Microsoft.EntityFrameworkCore;

namespace Statecast.Integration.Tests.Capture;

/// <summary>Picks rows and values for random moves.</summary>
internal sealed class RowPicker(Random random, ModelWorld world)
{
    /// <summary>Above this many rows of a kind, moves rather remove one: scripts shall meet each other's rows.</summary>
    public const int Many = 10;

    public int Next(int below) => random.Next(below);

    public bool OneIn(int times) => random.Next(times) == 0;

    /// <summary>One of the rows, or null if there is none.</summary>
    public async Task<T?> OneAsync<T>(IQueryable<T> rows)
    {
        var count = await rows.CountAsync();
        return count == 0 ? default : await rows.Skip(random.Next(count)).FirstAsync();
    }

    /// <summary>A key that was used before, as long as the context does not track it; else a new one.</summary>
    public Guid NewOrUsedKey<T>(ShopDb db, Func<T, Guid> keyOf)
        where T : class
    {
        var gone = world.Gone.OfType<T>().ToList();
        if (gone.Count > 0 && OneIn(2))
        {
            var key = keyOf(gone[random.Next(gone.Count)]);
            if (db.ChangeTracker.Entries<T>().All(e => keyOf(e.Entity) != key))
            {
                world.Cover($"{typeof(T).Name} made again under its key");
                return key;
            }
        }
        var bytes = new byte[16];
        random.NextBytes(bytes);
        return new(bytes);
    }

    public static string Short(Guid id) => id.ToString()[..8];
}
