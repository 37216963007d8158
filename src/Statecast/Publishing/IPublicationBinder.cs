namespace Statecast.Publishing;

/// <summary>Resolves a publication's carriers to routes (<see cref="Publication.Bind"/>). The host brings it; a source asks it as soon as it is made.</summary>
public interface IPublicationBinder
{
    /// <summary>Binds a publication to its routes.</summary>
    /// <exception cref="SourceException">A carrier that the publication names is not registered.</exception>
    void Bind(Publication publication);
}
