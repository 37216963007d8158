using Statecast.Contracts;

namespace Statecast.Integration.Tests.Kafka;

// One contract's shapes over time, which an application never holds together. Their types are of one name: Avro's records are matched by it.
#pragma warning disable STC1007
internal static partial class NoteMinors
{
    /// <summary>v1.0, which knows by an alias what its text is about to be called.</summary>
    public static partial class First
    {
        [StateContract("e2e.note")]
        public sealed partial record Minor([property: StateKey] int Id, [Alias("title")] string Text, int Size, string? Mood);
    }

    /// <summary>v1.1: a field with a default more, all but the key in another order, the text by its new name. It and the first read each other.</summary>
    public static partial class Second
    {
        [StateContract("e2e.note")]
        public sealed partial record Minor(
            [property: StateKey] int Id,
            string? Mood,
            [Default("plain")] string Ink,
            int Size,
            [Alias("text")] string Title
        );
    }

    /// <summary>v1.2: a wider number. It reads both before it, and neither reads it.</summary>
    public static partial class Third
    {
        [StateContract("e2e.note")]
        public sealed partial record Minor(
            [property: StateKey] int Id,
            string? Mood,
            [Default("plain")] string Ink,
            long Size,
            [Alias("text")] string Title
        );
    }
}
#pragma warning restore STC1007
