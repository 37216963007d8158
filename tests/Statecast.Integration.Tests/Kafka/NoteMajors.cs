using Statecast.Contracts;

namespace Statecast.Integration.Tests.Kafka;

// One contract's shapes over time, which an application never holds together.
#pragma warning disable STC1007
internal static partial class NoteMajors
{
    /// <summary>v2: made of the first minor of v1, whichever of that major's minors was written.</summary>
    [StateContract("e2e.note", Version = 2)]
    public sealed partial record Second([property: StateKey] int Id, string Title, long Length, string? Ink, string? Mood)
    {
        public static Second Upcast(NoteMinors.First.Minor old) => new(old.Id, old.Text, old.Size, null, old.Mood);
    }
}
#pragma warning restore STC1007
